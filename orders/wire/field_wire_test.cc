#include "orders/wire/field_wire.h"

#include <gtest/gtest.h>
#include <imprint/v1/training.pb.h>

#include "base/status_matchers.h"
#include "orders/training_recipe.h"

namespace imprint {
namespace {

using google::protobuf::FieldDescriptor;

// What a member travels as.
template <typename Struct>
FieldDescriptor::CppType TypeOf(const Field<Struct>& field) {
  constexpr FieldDescriptor::CppType kTypes[] = {
      FieldDescriptor::CPPTYPE_INT32, FieldDescriptor::CPPTYPE_UINT64,
      FieldDescriptor::CPPTYPE_DOUBLE, FieldDescriptor::CPPTYPE_BOOL,
      FieldDescriptor::CPPTYPE_ENUM};
  return kTypes[field.member.index()];
}

// Every row has a field of its name and type, no field is without a row, and an enum has a value
// for each of the row's names.
template <typename Struct>
void ExpectMatch(const google::protobuf::Message& message, FieldTable<Struct> table) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  EXPECT_EQ(static_cast<size_t>(type.field_count()), table.size());
  for (const Field<Struct>& row : table) {
    const FieldDescriptor* field = type.FindFieldByName(std::string(row.name));
    ASSERT_NE(field, nullptr) << row.name;
    EXPECT_EQ(field->cpp_type(), TypeOf(row)) << row.name;
    EXPECT_TRUE(field->has_optional_keyword() || field->enum_type() != nullptr)
        << row.name << ": its zero must differ from its absence";
    if (const auto* choice = std::get_if<ChoiceMember<Struct>>(&row.member)) {
      EXPECT_EQ(static_cast<size_t>(field->enum_type()->value_count()), 1 + choice->names.size());
      for (const absl::string_view name : choice->names) {
        std::unique_ptr<google::protobuf::Message> copy(message.New());
        SetWireEnum(*copy, *field, name);
        EXPECT_EQ(WireEnumText(*copy, *field), name);
      }
    }
  }
}

TEST(FieldWire, TheRecipesTableIsItsProto) {
  ExpectMatch(v1::TrainingRecipe(), FieldTable<TrainingRecipe>(kRecipeFields));
}

}  // namespace
}  // namespace imprint
