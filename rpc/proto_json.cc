#include "rpc/proto_json.h"

#include "absl/strings/str_cat.h"
#include <google/protobuf/util/json_util.h>

namespace imprint {

std::string ToJsonText(const google::protobuf::Message& message) {
  std::string json;
  // Fails only for messages with Any; ours have none.
  (void)google::protobuf::util::MessageToJsonString(message, &json);
  return json;
}

absl::Status FromJsonText(const std::string& json, google::protobuf::Message& message) {
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  if (parsed.ok()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("database: a ", message.GetTypeName(),
                                          " is damaged: ", std::string(parsed.message())));
}

}  // namespace imprint
