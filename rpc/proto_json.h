// Protos as JSON text: how they are kept in databases, where whoever looks can read them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <google/protobuf/message.h>

namespace imprint {

// INTERNAL naming the message's type if there is no JSON for it: a Duration or a Timestamp that is
// out of range. Half of a record must never be stored.
absl::StatusOr<std::string> ToJsonText(const google::protobuf::Message& message);

// DATA_LOSS naming the message's type if the text is none.
absl::Status FromJsonText(const std::string& json, google::protobuf::Message& message);

// Does the same, and returns the message.
template <typename Message>
absl::StatusOr<Message> FromJsonText(const std::string& json) {
  Message message;
  if (absl::Status parsed = FromJsonText(json, message); !parsed.ok()) return parsed;
  return message;
}

// Whether the text is one of such a message.
template <typename Message>
bool IsJsonOf(const std::string& json) {
  return FromJsonText<Message>(json).ok();
}

}  // namespace imprint
