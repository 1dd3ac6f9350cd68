#include "base/percent_encoding.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace imprint {

std::string PercentEncoded(const std::filesystem::path& path) {
  constexpr absl::string_view kPlain = "/-._~";
  std::string encoded;
  for (const char c : path.string()) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || kPlain.find(c) != kPlain.npos) {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace imprint
