#include "rpc/proto_json.h"

#include "absl/strings/str_cat.h"
#include <google/protobuf/util/json_util.h>

#include "base/error_notes.h"

namespace imprint {

absl::StatusOr<std::string> ToJsonText(const google::protobuf::Message& message) {
  std::string json;
  const auto written = google::protobuf::util::MessageToJsonString(message, &json);
  if (written.ok()) return json;
  return WithDiagnosis(absl::InternalError(absl::StrCat("database: a record of type ",
                                                        message.GetTypeName(), " cannot be kept")),
                       std::string(written.message()));
}

absl::Status FromJsonText(const std::string& json, google::protobuf::Message& message) {
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  if (parsed.ok()) return absl::OkStatus();
  // What the parser says quotes the record.
  return WithDiagnosis(absl::DataLossError(absl::StrCat("database: a record of type ",
                                                        message.GetTypeName(), " is damaged")),
                       std::string(parsed.message()));
}

}  // namespace imprint
