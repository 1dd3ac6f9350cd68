#include "text/policy/policy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TEST(PolicyFile, IsReadWithReasons) {
  ASSERT_OK_AND_ASSIGN(const PromptPolicy policy, ParsePolicy(R"(
# For ages 6 to 10.
blocked:
  - sword
  - {words: [gun*, "hand grenade"], reason: not for this age}
allowed: [glue gun]
)",
                                                              "policy.yaml"));
  EXPECT_EQ(policy.blocked(), 3u);
  EXPECT_EQ(policy.allowed(), 1u);
  EXPECT_THAT(CheckPolicy(&policy, "spec.prompts[0]", "a Hand-Grenade", PromptStyle::kEmphasis),
              RefusesNaming(Parts{"spec.prompts[0]: got \"Hand-Grenade\"", "\"hand grenade\"",
                                  "blocks: not for this age"}));
  EXPECT_THAT(CheckPolicy(&policy, "x", "a glue gun", PromptStyle::kEmphasis), Succeeds());
  EXPECT_THAT(CheckPolicy(nullptr, "x", "a sword", PromptStyle::kEmphasis), Succeeds());
}

TEST(PolicyFile, ErrorsNameThePlace) {
  const auto refuses = [](absl::string_view text, Parts parts) {
    EXPECT_THAT(ParsePolicy(text, "policy.yaml"), RefusesNaming(parts)) << text;
  };
  refuses("", {"policy.yaml", "a map"});
  refuses("allowed: [a]", {"policy.yaml:1:1: policy", "nothing that is blocked"});
  refuses("blocked: []", {"nothing that is blocked"});
  refuses("blokced: [a]", {"policy.yaml:1:1: blokced", "blocked, allowed"});
  refuses("blocked:\n  - '...'\n", {"policy.yaml:2:5: blocked[0]", "no word"});
  refuses("blocked:\n  - {words: [s*d]}\n",
          {"policy.yaml:2:14: blocked[0].words[0]", "end of a word"});
  refuses("blocked:\n  - {reason: x}\n", {"policy.yaml:2:5: blocked[0]", "no words"});
  refuses("blocked: [a\n", {"policy.yaml:", "not YAML"});
}

}  // namespace
}  // namespace imprint
