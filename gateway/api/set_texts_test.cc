#include "gateway/api/set_texts.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "sets/expansion_cache.h"

namespace imprint::gateway {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Fields(const SetTexts& texts) {
  std::vector<std::string> fields;
  texts.ForEach([&](const SetTexts::Text& text) {
    fields.push_back(absl::StrCat(text.field(), text.is_negative ? " (negative)" : ""));
    return true;
  });
  return fields;
}

TEST(SetTexts, AreThoseOfTheSpec) {
  v1::ImageSetSpec spec;
  spec.add_prompts("a");
  spec.add_prompts("b");
  EXPECT_THAT(Fields(SetTexts(spec)),
              ElementsAre("spec.prompts[0]", "spec.prompts[1]", "spec.negative_prompt (negative)"));
}

TEST(SetTexts, OfAPlanAreNamedByPlaceAndPicture) {
  ASSERT_OK_AND_ASSIGN(const auto plan, sets::Expand("prompt: '{a}'\nnegative_prompt: x\n"
                                                     "axes: {a: [b, c], d: [e, f]}\n"));
  const v1::ImageSetSpec spec;
  EXPECT_THAT(Fields(SetTexts(spec, plan.get())),
              ElementsAre("spec.plan:1:9: prompt of a=b/d=e/1",
                          "spec.plan:2:18: negative_prompt of a=b/d=e/1 (negative)",
                          "spec.plan:1:9: prompt of a=c/d=e/1",
                          "spec.plan:2:18: negative_prompt of a=c/d=e/1 (negative)"))
      << "each once, though d makes two pictures of it";
}

TEST(SetTexts, EndOnceNobodyWaits) {
  std::string values = "v";
  for (int i = 0; i < 1999; ++i) absl::StrAppend(&values, ",v", i);
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       sets::Expand(absl::StrCat("prompt: '{a}'\naxes: {a: [", values, "]}\n")));
  const v1::ImageSetSpec spec;
  EXPECT_EQ(Fields(SetTexts(spec, plan.get())).size(), 4000u);
  EXPECT_LT(Fields(SetTexts(spec, plan.get(), [] { return true; })).size(), 600u);
}

}  // namespace
}  // namespace imprint::gateway
