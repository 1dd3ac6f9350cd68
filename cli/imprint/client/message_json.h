// Resources as --json prints them: proto3's JSON, with the fields' names as in the protos.
#pragma once

#include <string>

#include <google/protobuf/message.h>
#include <google/protobuf/repeated_field.h>
#include <nlohmann/json.hpp>

namespace imprint::cli {

// Includes fields that have their default; 64-bit numbers are strings, as in proto3's JSON.
nlohmann::json ToJson(const google::protobuf::Message& message);

// Converts a repeated string field.
nlohmann::json ToJson(const google::protobuf::RepeatedPtrField<std::string>& texts);

}  // namespace imprint::cli
