// Resources as programs read them after --json: proto3's JSON, with the fields' names as in the
// protos.
#pragma once

#include <google/protobuf/message.h>
#include <nlohmann/json.hpp>

namespace imprint {

// With fields that have their default, too; 64-bit numbers are strings, as proto3's JSON has them.
nlohmann::json ToJson(const google::protobuf::Message& message);

}  // namespace imprint
