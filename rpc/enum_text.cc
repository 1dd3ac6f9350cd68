#include "rpc/enum_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace imprint {

std::string EnumText(absl::string_view name, absl::string_view prefix) {
  return absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
}

}  // namespace imprint
