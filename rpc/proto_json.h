// Converts protos to and from JSON text, the form in which databases keep them, so that people can
// read them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <google/protobuf/message.h>

namespace imprint {

// Returns the message as JSON. INTERNAL naming the message's type if there is no JSON for it: a
// Duration or a Timestamp that is out of range. Half of a record must never be stored.
absl::StatusOr<std::string> ToJsonText(const google::protobuf::Message& message);

// Parses the JSON of a message. DATA_LOSS naming the message's type if the text is none.
absl::Status FromJsonText(const std::string& json, google::protobuf::Message& message);

// Does the same into a new message.
template <typename Message>
absl::StatusOr<Message> FromJsonText(const std::string& json) {
  Message message;
  if (absl::Status parsed = FromJsonText(json, message); !parsed.ok()) return parsed;
  return message;
}

// Returns whether the text is the JSON of such a message.
template <typename Message>
bool IsJsonOf(const std::string& json) {
  return FromJsonText<Message>(json).ok();
}

}  // namespace imprint
