#include "orders/wire/field_wire.h"

#include <memory>
#include <set>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include <gtest/gtest.h>
#include <imprint/v1/imageset.pb.h>
#include <imprint/v1/training.pb.h>

#include "orders/picture_request.h"
#include "orders/training_settings.h"

namespace imprint {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What a member travels as; a choice among few names, as an enum.
template <typename Struct>
FieldDescriptor::CppType TypeOf(const Field<Struct>& row) {
  constexpr FieldDescriptor::CppType kTypes[] = {
      FieldDescriptor::CPPTYPE_INT32,  FieldDescriptor::CPPTYPE_UINT64,
      FieldDescriptor::CPPTYPE_DOUBLE, FieldDescriptor::CPPTYPE_BOOL,
      FieldDescriptor::CPPTYPE_STRING, FieldDescriptor::CPPTYPE_ENUM,
      FieldDescriptor::CPPTYPE_STRING};
  return kTypes[row.member.index()];
}

// Every row has a field of its name and type, and an enum has a value for each of the row's names.
template <typename Struct>
void ExpectMatch(const Message& message, FieldTable<Struct> table) {
  for (const Field<Struct>& row : table) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(row.name));
    ASSERT_NE(field, nullptr) << row.name;
    EXPECT_EQ(field->cpp_type(), TypeOf(row)) << row.name;
    const auto* choice = std::get_if<ChoiceMember<Struct>>(&row.member);
    if (choice == nullptr) continue;
    EXPECT_EQ(static_cast<size_t>(field->enum_type()->value_count()), 1 + choice->names.size());
    for (const absl::string_view name : choice->names) {
      const std::unique_ptr<Message> copy(message.New());
      SetWireName(*copy, *field, name);
      EXPECT_EQ(WireName(*copy, *field), name);
    }
  }
}

// A zero that is within a row's range, but not its default, must arrive: its field has presence.
template <typename Struct>
void ExpectZerosArrive(const Message& message, FieldTable<Struct> table) {
  for (const Field<Struct>& row : table) {
    const nlohmann::json value = ToJson(table, Struct())[std::string(row.name)];
    const bool takes_zero =
        value.is_boolean() || (value.is_number() && (row.range.most == 0 || row.range.Has(0)));
    if (!takes_zero || value == 0 || value == false) continue;
    EXPECT_TRUE(message.GetDescriptor()->FindFieldByName(std::string(row.name))->has_presence())
        << row.name;
  }
}

TEST(FieldWire, TheRecipesTableIsItsProto) {
  ExpectMatch(v1::TrainingRecipe(), kRecipeFields);
  ExpectZerosArrive(v1::TrainingRecipe(), kRecipeFields);
  EXPECT_EQ(static_cast<size_t>(v1::TrainingRecipe::descriptor()->field_count()),
            kRecipeFields.size())
      << "a field without a row is one that nobody reads";
}

TEST(FieldWire, TheTableOfATrainingsSettingsIsInItsSpec) {
  ExpectMatch(v1::TrainingSpec(), kTrainingFields);
  ExpectZerosArrive(v1::TrainingSpec(), kTrainingFields);
  // What only a cluster has, and what is no single value.
  const std::set<absl::string_view> others = {
      "base_model", "reference_set",   "concept_name", "ranks",     "min_ranks",
      "precision",  "compute_threads", "exact",        "templates", "recipe"};
  for (int i = 0; i < v1::TrainingSpec::descriptor()->field_count(); ++i) {
    const std::string& name = v1::TrainingSpec::descriptor()->field(i)->name();
    EXPECT_NE(FindRow(kTrainingFields, name) != nullptr, others.contains(name)) << name;
  }
}

TEST(FieldWire, NoRowOfARecipeIsNamedLikeOneOfTheSettings) {
  // FillSettings tells them apart by their names alone.
  for (const auto& row : kRecipeFields) {
    EXPECT_EQ(FindRow(kTrainingFields, row.name), nullptr) << row.name;
  }
}

TEST(FieldWire, ThePicturesTableIsInSetAndItem) {
  ExpectMatch(v1::ImageSetSpec(), kPictureFields);
  ExpectZerosArrive(v1::ImageSetSpec(), kPictureFields);
  ExpectMatch(v1::ItemRequest(), kPictureFields);
  ExpectZerosArrive(v1::ItemRequest(), kPictureFields);
}

}  // namespace
}  // namespace imprint
