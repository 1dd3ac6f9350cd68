#include "cli/pictures/teaching_flags.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "orders/training_settings.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

constexpr auto kRowsWithWord = WithFlags(kTrainingRows, {{"class_word", "class,--word"}});

// A command line of `teach`, parsed.
class Line {
 public:
  explicit Line(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());
    app_.parse(arguments);
  }

  absl::StatusOr<TrainingSettings> Take() { return flags_.Take("photos/rex"); }
  const TeachingFlags& flags() const { return flags_; }

 private:
  CLI::App app_;
  TeachingFlags flags_{app_, kRowsWithWord, "How", ShowDefaults::kYes};
};

TEST(TeachingFlags, WhatIsNotGivenIsTheDefault) {
  Line line({"--class", "dog"});
  ASSERT_OK_AND_ASSIGN(const TrainingSettings settings, line.Take());
  EXPECT_EQ(ToJson(settings), ToJson(TrainingSettings{.token = "<rex>", .class_word = "dog"}));
  EXPECT_TRUE(line.flags().Given("class_word"));
  EXPECT_FALSE(line.flags().Given("token")) << "it is made of the folder's name";
  EXPECT_FALSE(line.flags().Given("steps"));
}

TEST(TeachingFlags, BothTablesHaveTheirFlags) {
  const ScratchFolder folder;
  Line line({"--word", "dog", "--token", "<rose\u0301>", "--kind", "style", "--fit", "squash",
             "--size", "64", "--checkpoint-every", "0", "--steps", "7", "--schedule", "cosine",
             "--templates", folder.Write("captions", "a {}\n")});
  ASSERT_OK_AND_ASSIGN(const TrainingSettings settings, line.Take());
  EXPECT_EQ(settings.class_word, "dog");
  EXPECT_EQ(settings.token, "<ros\u00e9>") << "as one character";
  EXPECT_EQ(settings.kind, ConceptKind::kStyle);
  EXPECT_EQ(settings.fit, SquareFit::kSquash);
  EXPECT_EQ(settings.size, 64);
  EXPECT_EQ(settings.checkpoint_every, 0);
  EXPECT_EQ(settings.recipe.steps, 7);
  EXPECT_EQ(settings.recipe.schedule, LearningRateSchedule::kCosine);
  EXPECT_THAT(settings.templates, ElementsAre("a {}"));
  for (const char* row : {"class_word", "checkpoint_every", "steps", "schedule"}) {
    EXPECT_TRUE(line.flags().Given(row)) << row;
  }
}

TEST(TeachingFlags, WhatIsMissingOrUnknownIsNamed) {
  EXPECT_THAT(Line({}).Take(), RefusesNaming(Parts{"class: got none", "--class dog"}));
  EXPECT_THAT(Line({"--class", "dog", "--kind", "person"}).Take(),
              RefusesNaming(Parts{"kind: got \"person\"", "object or style"}));
  EXPECT_THAT(Line({"--class", "dog", "--size", "-1"}).Take(),
              RefusesNaming(Parts{"size: got -1"}));
  EXPECT_THAT(Line({"--class", "dog", "--steps", "0"}).Take(),
              RefusesNaming(Parts{"steps: got 0"}));
  EXPECT_THAT(Line({"--class", "dog", "--templates", "nowhere"}).Take(),
              RefusesNaming(Parts{"templates", "nowhere"}));
}

}  // namespace
}  // namespace imprint::cli
