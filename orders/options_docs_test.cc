// docs/options.md has the tables of orders, row by row.
//
//   IMPRINT_WRITE_DOCS=1 build/release/bin/orders_test --gtest_filter='OptionsDocs.*'
//
// writes it anew.
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "base/text_file.h"
#include "orders/training_recipe.h"

namespace imprint {
namespace {

// As ToJson writes it.
template <typename Struct>
std::string Default(const Field<Struct>& field) {
  const nlohmann::json value =
      ToJson(FieldTable<Struct>(&field, 1), Struct())[std::string(field.name)];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

template <typename Struct>
std::string Table(FieldTable<Struct> table) {
  std::string text = "| field | flag | default | may be | |\n|---|---|---|---|---|\n";
  for (const Field<Struct>& field : table) {
    absl::StrAppend(&text, "| `", field.name, "` | `--", field.flag, "` | ", Default(field), " | ",
                    Expected(field), " | ", field.help, " |\n");
  }
  return text;
}

std::string Document() {
  return absl::StrCat(
      "# Options\n\n"
      "What can be asked of a training, under the names that its parts have everywhere: `field` in "
      "protos, in\n"
      "JSON records and in errors, `flag` in `imprint-engine teach` and `imprint teach`. A flag "
      "that begins with\n"
      "`no-` takes no value. A field that is not given has its default; a zero that is given is a "
      "zero.\n\n"
      "These tables are the product's own (orders/), and a test holds this page against them.\n\n"
      "## The recipe of a training\n\n",
      Table(FieldTable<TrainingRecipe>(kRecipeFields)));
}

TEST(OptionsDocs, ArePagesOfTheTables) {
  const std::string path = IMPRINT_SOURCE_DIR "/docs/options.md";
  if (std::getenv("IMPRINT_WRITE_DOCS") != nullptr) std::ofstream(path) << Document();
  ASSERT_OK_AND_ASSIGN(const std::string page, ReadTextFile(path, 1 << 20));
  EXPECT_EQ(page, Document()) << "write it anew: see the top of this test";
}

}  // namespace
}  // namespace imprint
