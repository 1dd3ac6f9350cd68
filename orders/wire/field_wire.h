// Maps a table of orders to the proto message that carries it: fields are found by name, so that no
// option is written down here. Values of proto enums are the table's names in capitals, after the
// type's (LEARNING_RATE_SCHEDULE_COSINE is "cosine"); the one that ends in UNSPECIFIED is the
// default.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <google/protobuf/message.h>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "orders/field_table.h"

namespace imprint {

// Returns the proto's field of that name. Ends the process if there is none: a test checks every
// table against its message.
const google::protobuf::FieldDescriptor& WireField(const google::protobuf::Message& message,
                                                   absl::string_view name);

// Returns the name in a field that is a string or an enum; empty for an enum's default, and for a
// value that is not of this version.
std::string WireName(const google::protobuf::Message& message,
                     const google::protobuf::FieldDescriptor& field);
// Sets it. Ends the process if an enum has no such name.
void SetWireName(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                 absl::string_view name);

// Takes what is set in the message; the rest of `values` stays. INVALID_ARGUMENT naming `context`
// and the field if a name is not of this version; ranges are CheckFields' to check.
template <typename Struct>
absl::Status ReadWire(const google::protobuf::Message& message, FieldTable<Struct> table,
                      Struct& values, absl::string_view context = "") {
  const google::protobuf::Reflection& read = *message.GetReflection();
  for (const Field<Struct>& row : table) {
    const google::protobuf::FieldDescriptor& field = WireField(message, row.name);
    if (!read.HasField(message, &field)) continue;
    const auto take = [&]<typename Member>(const Member& member) -> absl::Status {
      if constexpr (kIsNamed<Member>) {
        const std::string name = WireName(message, field);
        if (!name.empty()) return SetByName(row, name, values, context);
        return FieldError(absl::StrCat(context, row.name),
                          absl::StrCat(read.GetEnumValue(message, &field)), Expected(row));
      } else if constexpr (std::is_same_v<Member, int Struct::*>) {
        values.*member = read.GetInt32(message, &field);
      } else if constexpr (std::is_same_v<Member, uint64_t Struct::*>) {
        values.*member = read.GetUInt64(message, &field);
      } else if constexpr (std::is_same_v<Member, double Struct::*>) {
        values.*member = read.GetDouble(message, &field);
      } else if constexpr (std::is_same_v<Member, bool Struct::*>) {
        values.*member = read.GetBool(message, &field);
      } else {
        values.*member = read.GetString(message, &field);
      }
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(std::visit(take, row.member));
  }
  return absl::OkStatus();
}

// Copies those of the named fields that are set from one message into another that has them, too.
void CopyWire(const google::protobuf::Message& from, const std::vector<absl::string_view>& names,
              google::protobuf::Message& to);

// Sets the fields of those rows that `wanted` takes; all of them where there is no `wanted`.
template <typename Struct>
void WriteWire(FieldTable<Struct> table, const Struct& values, google::protobuf::Message& message,
               const std::function<bool(const Field<Struct>&)>& wanted = nullptr) {
  const google::protobuf::Reflection& write = *message.GetReflection();
  for (const Field<Struct>& row : table) {
    if (wanted && !wanted(row)) continue;
    const google::protobuf::FieldDescriptor& field = WireField(message, row.name);
    const auto put = [&]<typename Member>(const Member& member) {
      if constexpr (kIsNamed<Member>) {
        SetWireName(message, field, NameOf(row, values));
      } else if constexpr (std::is_same_v<Member, int Struct::*>) {
        write.SetInt32(&message, &field, values.*member);
      } else if constexpr (std::is_same_v<Member, uint64_t Struct::*>) {
        write.SetUInt64(&message, &field, values.*member);
      } else if constexpr (std::is_same_v<Member, double Struct::*>) {
        write.SetDouble(&message, &field, values.*member);
      } else if constexpr (std::is_same_v<Member, bool Struct::*>) {
        write.SetBool(&message, &field, values.*member);
      } else {
        write.SetString(&message, &field, values.*member);
      }
    };
    std::visit(put, row.member);
  }
}

}  // namespace imprint
