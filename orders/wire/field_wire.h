// Maps a table of orders to the proto message that carries it: fields are found by name, so that no
// option is written down here. Values of proto enums are the table's names in capitals, after the
// type's (LEARNING_RATE_SCHEDULE_COSINE is "cosine"); the one that ends in UNSPECIFIED is the
// default.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <google/protobuf/message.h>

#include "orders/field_table.h"

namespace imprint {

// Returns the proto's field of that name. Ends the process if there is none: a test checks every
// table against its message.
const google::protobuf::FieldDescriptor& WireField(const google::protobuf::Message& message,
                                                   absl::string_view name);

// Returns the text of an enum field's value, empty if it is the default or not of this version.
std::string WireEnumText(const google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor& field);
void SetWireEnum(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                 absl::string_view text);

// Reads what is set in the message; the rest of `values` is unchanged. INVALID_ARGUMENT naming
// `context` and the field if an enum has a value that is not of this version; ranges are left to
// CheckFields.
template <typename Struct>
absl::Status ReadWire(const google::protobuf::Message& message, FieldTable<Struct> table,
                      Struct& values, absl::string_view context = "") {
  const google::protobuf::Reflection& read = *message.GetReflection();
  for (const Field<Struct>& row : table) {
    const google::protobuf::FieldDescriptor& field = WireField(message, row.name);
    if (!read.HasField(message, &field)) continue;
    if (const auto* whole = std::get_if<int Struct::*>(&row.member)) {
      values.** whole = read.GetInt32(message, &field);
    } else if (const auto* natural = std::get_if<uint64_t Struct::*>(&row.member)) {
      values.** natural = read.GetUInt64(message, &field);
    } else if (const auto* number = std::get_if<double Struct::*>(&row.member)) {
      values.** number = read.GetDouble(message, &field);
    } else if (const auto* flag = std::get_if<bool Struct::*>(&row.member)) {
      values.** flag = read.GetBool(message, &field);
    } else {
      const std::string text = WireEnumText(message, field);
      if (text.empty()) {
        return FieldError(absl::StrCat(context, row.name),
                          absl::StrCat(read.GetEnumValue(message, &field)), Expected(row));
      }
      RETURN_IF_ERROR(SetByName(row, text, values, context));
    }
  }
  return absl::OkStatus();
}

// Sets the fields of those rows for which `wanted` returns true; all of them if it is null.
template <typename Struct>
void WriteWire(FieldTable<Struct> table, const Struct& values, google::protobuf::Message& message,
               const std::function<bool(const Field<Struct>&)>& wanted = nullptr) {
  const google::protobuf::Reflection& write = *message.GetReflection();
  for (const Field<Struct>& row : table) {
    if (wanted && !wanted(row)) continue;
    const google::protobuf::FieldDescriptor& field = WireField(message, row.name);
    if (const auto* whole = std::get_if<int Struct::*>(&row.member)) {
      write.SetInt32(&message, &field, values.**whole);
    } else if (const auto* natural = std::get_if<uint64_t Struct::*>(&row.member)) {
      write.SetUInt64(&message, &field, values.**natural);
    } else if (const auto* number = std::get_if<double Struct::*>(&row.member)) {
      write.SetDouble(&message, &field, values.**number);
    } else if (const auto* flag = std::get_if<bool Struct::*>(&row.member)) {
      write.SetBool(&message, &field, values.**flag);
    } else {
      const auto& choice = std::get<ChoiceMember<Struct>>(row.member);
      SetWireEnum(message, field, choice.names[static_cast<size_t>(choice.get(values))]);
    }
  }
}

}  // namespace imprint
