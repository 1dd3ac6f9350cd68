#include "cli/imprint/commands/rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Parts = std::vector<std::string>;

// Answers questions in turn, and remembers them.
struct Person {
  std::vector<std::string> answers;
  std::vector<std::string> questions;

  Ask ask() {
    return [this](const std::string& question) -> absl::StatusOr<std::string> {
      questions.push_back(question);
      if (questions.size() > answers.size()) return absl::CancelledError("no answer");
      return answers[questions.size() - 1];
    };
  }
};

TEST(StateRights, TakesWhatIsGivenWithoutAsking) {
  ASSERT_OK_AND_ASSIGN(
      const v1::Rights rights,
      StateRights({"Ada", "CC-BY-4.0", "consent", "Ada's mother, 2 May"}, nullptr));
  EXPECT_EQ(rights.creator(), "Ada");
  EXPECT_EQ(rights.licence(), "CC-BY-4.0");
  EXPECT_EQ(rights.people(), v1::PEOPLE_SHOWN_WITH_CONSENT);
  EXPECT_EQ(rights.consent(), "Ada's mother, 2 May");
}

TEST(StateRights, NeverInventsWhatNobodyStated) {
  EXPECT_THAT(StateRights({}, nullptr),
              RefusesNaming(Parts{"rights", "--creator", "--licence", "--people none|consent",
                                  "IMPRINT_CREATOR", "IMPRINT_LICENCE", "IMPRINT_PEOPLE"}));
  const auto partly = StateRights({"Ada", "CC0", "", ""}, nullptr);
  EXPECT_THAT(partly, RefusesNaming(Parts{"--people"}));
  EXPECT_THAT(partly.status().message(), Not(HasSubstr("--creator")));
  EXPECT_THAT(StateRights({"Ada", "CC0", "consent", ""}, nullptr),
              RefusesNaming(Parts{"--consent", "IMPRINT_CONSENT"}));
}

TEST(StateRights, RefusesAnUnknownAnswerAboutPeopleByFlag) {
  Person person;
  EXPECT_THAT(StateRights({"Ada", "CC0", "some", ""}, person.ask()),
              RefusesNaming(Parts{"people", "\"some\"", "none", "consent"}));
  EXPECT_THAT(person.questions, ElementsAre());
}

TEST(StateRights, AsksForWhatIsMissingAndAgainForWhatIsNotUnderstood) {
  Person person{.answers = {"own work", "yes", "consent", "the class of 4b"}, .questions = {}};
  ASSERT_OK_AND_ASSIGN(const v1::Rights rights, StateRights({"Ada", "", "", ""}, person.ask()));
  EXPECT_THAT(person.questions, ElementsAre(HasSubstr("licence"), HasSubstr("people"),
                                            HasSubstr("people"), HasSubstr("agreed to what")));
  EXPECT_EQ(rights.licence(), "own work");
  EXPECT_EQ(rights.people(), v1::PEOPLE_SHOWN_WITH_CONSENT);
  EXPECT_EQ(rights.consent(), "the class of 4b");
}

TEST(StateRights, EndsWithThePersonWhoAnswersNoMore) {
  Person person{.answers = {"Ada"}, .questions = {}};
  EXPECT_THAT(StateRights({}, person.ask()),
              Fails(absl::StatusCode::kCancelled, HasSubstr("no answer")));
}

}  // namespace
}  // namespace imprint::cli
