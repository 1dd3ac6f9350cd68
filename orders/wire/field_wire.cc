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

// "LEARNING_RATE_SCHEDULE_".
absl::string_view PrefixOf(const EnumDescriptor& type) {
  return absl::StripSuffix(type.FindValueByNumber(0)->name(), "UNSPECIFIED");
}

}  // namespace

const FieldDescriptor& WireField(const Message& message, absl::string_view name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(name));
  if (field == nullptr) {
    std::fprintf(stderr, "%s has no field %s\n", message.GetTypeName().c_str(),
                 std::string(name).c_str());
    std::abort();
  }
  return *field;
}

std::string WireEnumText(const Message& message, const FieldDescriptor& field) {
  const int number = message.GetReflection()->GetEnumValue(message, &field);
  const auto* value = field.enum_type()->FindValueByNumber(number);
  if (number == 0 || value == nullptr) return "";
  return absl::AsciiStrToLower(absl::StripPrefix(value->name(), PrefixOf(*field.enum_type())));
}

void SetWireEnum(Message& message, const FieldDescriptor& field, absl::string_view text) {
  const EnumDescriptor& type = *field.enum_type();
  const auto* value =
      type.FindValueByName(absl::StrCat(PrefixOf(type), absl::AsciiStrToUpper(text)));
  if (value != nullptr) message.GetReflection()->SetEnum(&message, &field, value);
}

}  // namespace imprint
