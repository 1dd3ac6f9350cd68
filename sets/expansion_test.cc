#include "sets/expansion.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "sets/plan_file.h"

namespace imprint::sets {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

absl::StatusOr<Expansion> TryExpand(absl::string_view text) {
  auto plan = ParsePlan(text, "plan.yaml");
  if (!plan.ok()) return plan.status();
  return Expansion::Make(std::make_shared<const Plan>(*std::move(plan)));
}

Expansion Expand(absl::string_view text) { return *TryExpand(text); }

// What makes a picture, by its key.
std::map<std::string, std::string> Pictures(const Expansion& expansion) {
  std::map<std::string, std::string> pictures;
  for (int64_t i = 0; i < expansion.size(); ++i) {
    const Item item = expansion.At(i);
    EXPECT_TRUE(pictures
                    .emplace(item.key, absl::StrCat(item.request.prompt, "/", item.request.seed,
                                                    "/", item.request.steps))
                    .second)
        << item.key << " twice";
  }
  return pictures;
}

constexpr absl::string_view kRiver = R"(
prompt: "{place}, {level}"
seed: 7
count: 2
steps: 30
negative_prompt: text
same_seed: level
axes:
  place: {river: a river, delta: {text: the delta, weight: 2}}
  level:
    simple: {text: simple diagram, steps: 20, negative_prompt: shading}
    detailed: detailed illustration
)";

TEST(Expansion, MakesEachCellsPictures) {
  const Expansion river = Expand(kRiver);
  ASSERT_EQ(river.size(), (2 + 4) * 2);
  const Item first = river.At(0);
  EXPECT_EQ(first.key, "level=simple/place=river/1");
  EXPECT_EQ(first.request.prompt, "a river, simple diagram");
  EXPECT_EQ(first.request.steps, 20);
  EXPECT_EQ(first.request.negative_prompt, "text, shading");
  const Item last = river.At(river.size() - 1);
  EXPECT_EQ(last.key, "level=detailed/place=delta/4");
  EXPECT_EQ(last.request.steps, 30);
  EXPECT_EQ(last.request.negative_prompt, "text");
}

// sha256("7/place=river/1"), its first 53 bits. Whoever extends a set years later must get the
// same.
TEST(Expansion, SeedsStayTheSameForEver) {
  EXPECT_EQ(Expand(kRiver).At(0).request.seed, 1605733494750599);
}

TEST(Expansion, OnlyAxesOfOtherSeedsChangeTheSeed) {
  std::map<std::string, uint64_t> seeds;
  const Expansion river = Expand(kRiver);
  for (int64_t i = 0; i < river.size(); ++i) seeds[river.At(i).key] = river.At(i).request.seed;
  EXPECT_EQ(seeds["level=simple/place=river/1"], seeds["level=detailed/place=river/1"]);
  EXPECT_NE(seeds["level=simple/place=river/1"], seeds["level=simple/place=river/2"]);
  EXPECT_NE(seeds["level=simple/place=river/1"], seeds["level=simple/place=delta/1"]);
  for (const auto& [key, seed] : seeds) EXPECT_LT(seed, uint64_t{1} << 53) << key;
}

TEST(Expansion, ALargerPlanKeepsEachPicture) {
  const auto before = Pictures(Expand(kRiver));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"count: 2", "count: 3"},
           {"weight: 2", "weight: 5"},
           {"{river: a river", "{spring: its source, river: a river"},
           {"    simple:", "    middle: some detail\n    simple:"}}) {
    std::string larger(kRiver);
    larger.replace(larger.find(from), from.size(), to);
    const auto after = Pictures(Expand(larger));
    EXPECT_GT(after.size(), before.size()) << to;
    EXPECT_THAT(after, IsSupersetOf(before)) << to;
  }
}

TEST(Expansion, LeavesOutWhatIsExcludedAndKeepsTheOthers) {
  const std::string plan = absl::StrCat(kRiver, "exclude: [{place: river, level: [simple]}]\n");
  const auto left = Pictures(Expand(plan));
  EXPECT_EQ(left.size(), Pictures(Expand(kRiver)).size() - 2);
  EXPECT_THAT(Pictures(Expand(kRiver)), IsSupersetOf(left));
  for (const auto& [key, picture] : left)
    EXPECT_THAT(key, Not(HasSubstr("level=simple/place=river")));
}

// More than a block of cells, with holes in it.
TEST(Expansion, FindsEachPictureByItsNumber) {
  std::string plan = "prompt: '{a} {b}'\naxes:\n  a: [";
  for (int i = 0; i < 40; ++i) absl::StrAppend(&plan, "a", i, ", ");
  absl::StrAppend(&plan, "]\n  b: {x: {weight: 3}, y: why, z: {text: zed, weight: 2}}\n",
                  "exclude: [{a: [a3, a30], b: [x, z]}, {a: a21}]\n");
  const Expansion expansion = Expand(plan);
  int64_t next = 0;
  expansion.ForEachCell([&](const std::vector<size_t>& cell, int64_t pictures) {
    for (int64_t i = 1; i <= pictures; ++i) {
      const Item item = expansion.At(next++);
      EXPECT_EQ(item.cell, cell);
      EXPECT_THAT(item.key, testing::EndsWith(absl::StrCat("/", i)));
    }
  });
  EXPECT_EQ(next, expansion.size());
  EXPECT_EQ(next, 40 * 6 - 2 * 5 - 6);
}

TEST(Expansion, AltTextIsInTheWordsOfItsLanguage) {
  const Item item = Expand(R"(
prompt: "{place} <style>"
alt_text: {en: "A drawing of {place}.", de: "Zeichnung: {place}."}
axes:
  place: {river: {text: "<river>", alt_text: {en: a river, de: ein Fluss}}}
)")
                        .At(0);
  EXPECT_EQ(item.request.prompt, "<river> <style>");
  EXPECT_EQ(item.alt_text.at("en"), "A drawing of a river.");
  EXPECT_EQ(item.alt_text.at("de"), "Zeichnung: ein Fluss.");
}

// As many axes of as many values as multiply to more than a number holds.
TEST(Expansion, RefusesMoreThanItMayMake) {
  std::string cells = "prompt: x\naxes:\n";
  std::string values;
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&values, "v", i, ", ");
  for (int i = 0; i < 16; ++i) absl::StrAppend(&cells, "  a", i, ": [", values, "]\n");
  EXPECT_THAT(
      TryExpand(cells).status().message(),
      AllOf(HasSubstr("plan.yaml:3:3: axes: got 1000 × 1000"), HasSubstr("at most 2000000")));
  EXPECT_THAT(TryExpand(absl::StrCat("count: 1001\nprompt: x\naxes:\n  a: [", values, "]\n"))
                  .status()
                  .message(),
              AllOf(HasSubstr("more than 1000000 pictures"), HasSubstr("lower count (1001)")));
  EXPECT_EQ(Expand(absl::StrCat("count: 1000\nprompt: x\naxes:\n  a: [", values, "]\n")).size(),
            1'000'000);
  EXPECT_THAT(TryExpand("prompt: x\naxes: {a: [b]}\nexclude: [{a: b}]").status().message(),
              HasSubstr("plan.yaml:3:10: exclude: got every cell excluded"));
}

// A program that reads a plan in JSON and writes it again may sort its axes.
TEST(Expansion, TheOrderOfAxesChangesNoPicture) {
  const auto with = [&](absl::string_view first, absl::string_view second) {
    return Pictures(
        Expand(absl::StrCat("prompt: '{b}{a}'\naxes:\n  ", first, "\n  ", second, "\n")));
  };
  EXPECT_EQ(with("b: [x, y]", "a: [x, z]"), with("a: [x, z]", "b: [x, y]"));
}

TEST(Expansion, NoTextIsEmptyOrGrowsWithoutEnd) {
  EXPECT_THAT(TryExpand("prompt: '{a}'\naxes: {a: {b: c, none: ''}}").status().message(),
              HasSubstr("plan.yaml:1:9: prompt of a=none/1: got no text"));
  std::string alt;
  for (int i = 0; i < 20; ++i) alt += "{a}";
  EXPECT_THAT(
      TryExpand(absl::StrCat("prompt: x\nalt_text: {en: '", alt,
                             "'}\naxes: {a: {b: {alt_text: {en: ", std::string(200, 'x'), "}}}}"))
          .status()
          .message(),
      HasSubstr("alt_text.en of a=b/1: got 4000 bytes"));
}

TEST(Expansion, SaysWhichPromptIsTooLong) {
  const std::string plan =
      absl::StrCat("prompt: '{a} {b}'\naxes:\n  a: {short: s, long: ", std::string(1500, 'x'),
                   "}\n  b: {short: s, long: ", std::string(1500, 'y'), "}\n");
  EXPECT_THAT(TryExpand(plan).status().message(),
              AllOf(HasSubstr("plan.yaml:1:9: prompt of a=long/b=long/1: got 3001 bytes"),
                    HasSubstr("expected 1 to 2000 bytes")));
}

}  // namespace
}  // namespace imprint::sets
