#include "cli/program/option_error.h"

#include "absl/strings/str_cat.h"

namespace imprint::cli {

absl::Status ForOption(absl::string_view option, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(option, ": ", status.message()));
}

}  // namespace imprint::cli
