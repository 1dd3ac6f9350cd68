#include "orders/flags/field_flags.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "orders/compute_options.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

enum class Shape { kRound, kSquare };
constexpr absl::string_view kShapes[] = {"round", "square"};

struct Cake {
  int layers = 2;
  double sugar = 0.5;
  bool candles = true;
  std::string text = "none";
  Shape shape = Shape::kRound;
  int height = 7;
};

constexpr Field<Cake> kRows[] = {
    {.name = "layers", .flag = "layers", .member = &Cake::layers, .range = {.least = 1, .most = 9}},
    {.name = "sugar", .flag = "sweet", .member = &Cake::sugar, .range = {.least = 0, .most = 1}},
    {.name = "candles", .flag = "no-candles", .member = &Cake::candles, .help = "Leave them out"},
    {.name = "text", .flag = "text", .member = &Cake::text, .models_own = true},
    {.name = "shape", .flag = "shape", .member = ChoiceOf<&Cake::shape>::Named(kShapes)},
    {.name = "height", .member = &Cake::height},
};

// One command line of a program that bakes.
class FieldFlagsTest : public testing::Test {
 protected:
  absl::Status Parse(const std::string& line) {
    app_.parse(line, /*program_name_included=*/false);
    return flags_.TakeNames();
  }

  CLI::App app_;
  Cake cake_;
  FieldFlags<Cake> flags_{app_, kRows, cake_, "How it is baked", ShowDefaults::kYes};
};

TEST_F(FieldFlagsTest, WhatIsNotOnTheLineKeepsItsValueAndIsNotGiven) {
  ASSERT_THAT(Parse(""), Succeeds());
  EXPECT_EQ(cake_.layers, 2);
  EXPECT_TRUE(cake_.candles);
  EXPECT_EQ(cake_.shape, Shape::kRound);
  for (const auto& row : kRows) EXPECT_FALSE(flags_.Given(row.name)) << row.name;
}

TEST_F(FieldFlagsTest, EveryKindOfFlagArrives) {
  ASSERT_THAT(Parse("--layers 3 --sweet 0.25 --no-candles --text hi --shape square"), Succeeds());
  EXPECT_EQ(cake_.layers, 3);
  EXPECT_EQ(cake_.sugar, 0.25);
  EXPECT_FALSE(cake_.candles);
  EXPECT_EQ(cake_.text, "hi");
  EXPECT_EQ(cake_.shape, Shape::kSquare);
  for (const char* name : {"layers", "sugar", "candles", "text", "shape"}) {
    EXPECT_TRUE(flags_.Given(name)) << name;
  }
}

TEST_F(FieldFlagsTest, ANameThatThereIsNotIsRefusedByItsField) {
  EXPECT_THAT(Parse("--shape oval"),
              RefusesNaming(Parts{"shape: got \"oval\"", "round or square"}));
}

TEST_F(FieldFlagsTest, HelpShowsDefaultsThatAreTheProgramsOwn) {
  const std::string help = app_.help();
  EXPECT_NE(help.find("How it is baked"), std::string::npos);
  EXPECT_NE(help.find("INT=2"), std::string::npos) << help;
  EXPECT_NE(help.find("NAME=round"), std::string::npos) << help;
  EXPECT_NE(help.find("Leave them out"), std::string::npos);
  EXPECT_EQ(help.find("none"), std::string::npos) << "the model's own: " << help;
  EXPECT_EQ(help.find("--height"), std::string::npos) << "another flag gives it";
}

TEST_F(FieldFlagsTest, ArgumentsGiveAnotherProgramTheSameValues) {
  const Cake cake = {.layers = 3,
                     .sugar = 0.1 + 0.2,
                     .candles = false,
                     .text = "two words",
                     .shape = Shape::kSquare,
                     .height = 9};
  const std::vector<std::string> arguments = ArgumentsFor<Cake>(kRows, cake);
  EXPECT_EQ(arguments,
            (std::vector<std::string>{"--layers", "3", "--sweet", "0.30000000000000004",
                                      "--no-candles", "--text", "two words", "--shape", "square"}))
      << "height has no flag";
  EXPECT_TRUE(ArgumentsFor<Cake>(kRows, Cake()).empty());
}

TEST_F(FieldFlagsTest, AProgramGivesRowsFlagsOfItsOwn) {
  static constexpr auto kOwn = WithFlags(kRows, {{"layers", "cake-layers"}, {"sugar", ""}});
  CLI::App app;
  Cake cake;
  FieldFlags<Cake> flags(app, kOwn, cake, "", ShowDefaults::kNo);
  app.parse("--cake-layers 4", false);
  EXPECT_EQ(cake.layers, 4);
  EXPECT_EQ(app.get_option_no_throw("--sweet"), nullptr);
  EXPECT_NE(app.get_option_no_throw("--shape"), nullptr);

  static constexpr auto kOne = WithFlagsOnlyOf(kRows, {"sugar"});
  CLI::App plain;
  FieldFlags<Cake> sweet(plain, kOne, cake, "", ShowDefaults::kNo);
  EXPECT_NE(plain.get_option_no_throw("--sweet"), nullptr);
  EXPECT_EQ(plain.get_option_no_throw("--shape"), nullptr);
}

TEST(ComputeFlags, WhatATrainerHasReachesItsRanks) {
  const ComputeOptions given = {.device = ComputeDevice{DeviceKind::kCuda, 1},
                                .threads = 3,
                                .memory_mb = 4096,
                                .device_memory_mb = 6000,
                                .gradient_checkpointing = true,
                                .cuda_graph = true};
  for (const auto& row : kRankComputeRows) {
    if (row.flag.empty()) continue;
    const std::string name(row.name);
    ASSERT_NE(ToJson(given)[name], ToJson(ComputeOptions())[name])
        << name << ": give it a value that is not the default";
  }
  std::vector<std::string> arguments = ArgumentsFor<ComputeOptions>(kRankComputeRows, given);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  CLI::App rank;
  ComputeOptions told;
  FieldFlags<ComputeOptions> flags(rank, kRankComputeRows, told, "", ShowDefaults::kNo);
  rank.parse(arguments);
  ASSERT_THAT(flags.TakeNames(), Succeeds());
  EXPECT_EQ(told, given);
}

}  // namespace
}  // namespace imprint
