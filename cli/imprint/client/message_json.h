// Resources as programs read them after --json: proto3's JSON, with the fields' names as in the
// protos.
#pragma once

#include <string>

#include <google/protobuf/message.h>
#include <google/protobuf/repeated_field.h>
#include <nlohmann/json.hpp>

namespace imprint::cli {

// With fields that have their default, too; 64-bit numbers are strings, as proto3's JSON has them.
nlohmann::json ToJson(const google::protobuf::Message& message);

// A field of several texts.
nlohmann::json ToJson(const google::protobuf::RepeatedPtrField<std::string>& texts);

}  // namespace imprint::cli
