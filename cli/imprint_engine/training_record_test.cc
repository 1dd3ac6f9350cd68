#include "cli/imprint_engine/training_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

TeachOrder Example() {
  return {.model = "/models/demo",
          .pictures = {"/photos/1.png", "/photos/2.png"},
          .picture_sha256 = {"aa", "bb"},
          .token = "<mia>",
          .class_word = "girl",
          .kind = ConceptKind::kStyle,
          .templates = {"a {}", "the {}"},
          .size = 512,
          .fit = SquareFit::kSquash,
          .recipe = {.steps = 7},
          .checkpoint_every = 3,
          .threads = 2};
}

TEST(TeachOrder, WhatIsWrittenIsRead) {
  const ScratchFolder folder;
  const nlohmann::json record = {{"order", ToJson(Example())}};
  ASSERT_OK_AND_ASSIGN(const TeachOrder read,
                       ReadTeachOrder(folder.Write("training.json", record.dump())));
  EXPECT_EQ(ToJson(read), ToJson(Example()));
}

TEST(TeachOrder, DamageIsNamed) {
  const ScratchFolder folder;
  const auto read = [&](const nlohmann::json& record) {
    return ReadTeachOrder(folder.Write("training.json", record.dump())).status();
  };
  EXPECT_THAT(read({{"state", "running"}}), RefusesNaming(Parts{"training.json", "order"}));
  for (const char* key : {"token", "recipe", "pictures", "templates", "size"}) {
    nlohmann::json order = ToJson(Example());
    order.erase(key);
    EXPECT_THAT(read({{"order", order}}), RefusesNaming(Parts{"training.json", key}));
  }
  EXPECT_THAT(ReadTeachOrder(folder.path() / "none.json").status(),
              Fails(absl::StatusCode::kNotFound, HasSubstr("none.json")));
}

}  // namespace
}  // namespace imprint
