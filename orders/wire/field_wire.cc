#include "orders/wire/field_wire.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace imprint {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A table that its proto does not have is a mistake in the program.
[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

// "LEARNING_RATE_SCHEDULE_".
absl::string_view PrefixOf(const EnumDescriptor& type) {
  return absl::StripSuffix(type.FindValueByNumber(0)->name(), "UNSPECIFIED");
}

}  // namespace

const FieldDescriptor& WireField(const Message& message, absl::string_view name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(name));
  if (field == nullptr) Die(absl::StrCat(message.GetTypeName(), " has no field ", name));
  return *field;
}

std::string WireName(const Message& message, const FieldDescriptor& field) {
  if (field.enum_type() == nullptr) return message.GetReflection()->GetString(message, &field);
  const int number = message.GetReflection()->GetEnumValue(message, &field);
  const auto* value = field.enum_type()->FindValueByNumber(number);
  if (number == 0 || value == nullptr) return "";
  return absl::AsciiStrToLower(absl::StripPrefix(value->name(), PrefixOf(*field.enum_type())));
}

void SetWireName(Message& message, const FieldDescriptor& field, absl::string_view name) {
  if (field.enum_type() == nullptr) {
    message.GetReflection()->SetString(&message, &field, std::string(name));
    return;
  }
  const EnumDescriptor& type = *field.enum_type();
  const auto* value =
      type.FindValueByName(absl::StrCat(PrefixOf(type), absl::AsciiStrToUpper(name)));
  if (value == nullptr) {
    Die(absl::StrCat(type.full_name(), " has no value for ", name));
  }
  message.GetReflection()->SetEnum(&message, &field, value);
}

void CopyWire(const Message& from, const std::vector<absl::string_view>& names, Message& to) {
  const google::protobuf::Reflection& read = *from.GetReflection();
  const google::protobuf::Reflection& write = *to.GetReflection();
  for (const absl::string_view name : names) {
    const FieldDescriptor& source = WireField(from, name);
    const FieldDescriptor& target = WireField(to, name);
    if (!read.HasField(from, &source)) continue;
    switch (source.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        write.SetInt32(&to, &target, read.GetInt32(from, &source));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        write.SetUInt64(&to, &target, read.GetUInt64(from, &source));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        write.SetDouble(&to, &target, read.GetDouble(from, &source));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        write.SetBool(&to, &target, read.GetBool(from, &source));
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        write.SetEnumValue(&to, &target, read.GetEnumValue(from, &source));
        break;
      default:
        write.SetString(&to, &target, read.GetString(from, &source));
    }
  }
}

}  // namespace imprint
