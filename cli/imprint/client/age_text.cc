#include "cli/imprint/client/age_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace imprint::cli {

std::string AgeText(const google::protobuf::Timestamp& time, absl::Time now) {
  if (time.seconds() == 0) return "-";
  const int64_t seconds = std::max<int64_t>(0, absl::ToUnixSeconds(now) - time.seconds());
  if (seconds == 0) return "now";
  if (seconds < 120) return absl::StrCat(seconds, " s ago");
  if (seconds < 7200) return absl::StrCat(seconds / 60, " min ago");
  if (seconds < 172'800) return absl::StrCat(seconds / 3600, " h ago");
  return absl::StrCat(seconds / 86'400, " days ago");
}

}  // namespace imprint::cli
