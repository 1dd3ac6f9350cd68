// Protos as JSON text: how they are kept in databases, where whoever looks can read them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include <google/protobuf/message.h>

namespace imprint {

std::string ToJsonText(const google::protobuf::Message& message);

// DATA_LOSS naming the message's type if the text is none.
absl::Status FromJsonText(const std::string& json, google::protobuf::Message& message);

}  // namespace imprint
