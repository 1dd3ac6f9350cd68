// docs/plan.schema.json is what the reader takes.
//
//   IMPRINT_WRITE_DOCS=1 build/release/bin/sets_test --gtest_filter='PlanSchema.*'
//
// writes it anew. tests/cli/test_sets.py holds plans against it.
#include "sets/plan_schema.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "base/text_file.h"

namespace imprint::sets {
namespace {

TEST(PlanSchema, IsTheOneInTheDocs) {
  const std::filesystem::path file =
      std::filesystem::path(IMPRINT_SOURCE_DIR) / "docs" / "plan.schema.json";
  const std::string schema = absl::StrCat(PlanSchema().dump(1), "\n");
  if (std::getenv("IMPRINT_WRITE_DOCS") != nullptr) std::ofstream(file) << schema;
  const auto in_docs = ReadTextFile(file, 1 << 20);
  ASSERT_TRUE(in_docs.ok()) << in_docs.status();
  EXPECT_EQ(*in_docs, schema);
}

}  // namespace
}  // namespace imprint::sets
