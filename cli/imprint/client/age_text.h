// Says how long ago something happened, for people.
#pragma once

#include <string>

#include "absl/time/time.h"
#include <google/protobuf/timestamp.pb.h>

namespace imprint::cli {

// Returns "now", "5 s ago", "12 min ago", "3 h ago", "9 days ago"; "-" for a time that was not set.
std::string AgeText(const google::protobuf::Timestamp& time, absl::Time now);

}  // namespace imprint::cli
