#include "sets/plan_file.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::sets {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string PlanErrorOf(absl::string_view text) {
  return std::string(ParsePlan(text, "plan.yaml").status().message());
}

TEST(PlanFile, ReadsAllThatAPlanSays) {
  const auto plan = ParsePlan(R"yaml(
# Comments are for people.
title: The river
base_model: baseModels/sd15
embeddings: [concepts/river, concepts/ink]
prompt: "<river> in {season}, {level}"
seed: 18446744073709551615
count: 3
width: 512
guidance: 6.5
same_seed: [level]
solver: DPM++ 2M Karras
axes:
  season: [spring, no]   # YAML 1.1 would make a number or a bool of some names.
  level:
    simple: &simple {text: simple diagram, steps: 20}
    other: {text: "ink (sketch)", weight: 4}
alt_text: {en: A river.}
)yaml",
                              "plan.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->title, "The river");
  EXPECT_EQ(plan->base_model, "baseModels/sd15");
  EXPECT_THAT(plan->embeddings, ElementsAre("concepts/river", "concepts/ink"));
  EXPECT_EQ(plan->seed, UINT64_MAX);
  EXPECT_EQ(plan->count, 3);
  EXPECT_EQ(plan->settings.values.width, 512);
  EXPECT_EQ(plan->settings.values.guidance, 6.5);
  EXPECT_EQ(Name(plan->settings.values.solver), "dpmpp_2m_karras");
  EXPECT_EQ(plan->settings.given.size(), 3);
  ASSERT_EQ(plan->axes.size(), 2);
  EXPECT_THAT(plan->axes[0].values,
              ElementsAre(Field(&AxisValue::name, "spring"), Field(&AxisValue::name, "no")));
  EXPECT_FALSE(plan->axes[0].same_seed);
  EXPECT_TRUE(plan->axes[1].same_seed);
  EXPECT_EQ(plan->axes[1].values[0].settings.values.steps, 20);
  EXPECT_EQ(plan->axes[1].values[1].weight, 4);
}

TEST(PlanFile, ReadsJson) {
  const auto plan = ParsePlan(
      "{\n\t\"prompt\": \"{a} \\u00e9\",\n\t\"axes\": {\"a\": {\"x\": \"a \\\"b\\\"\", \"y\": "
      "{}}}\n}\n",
      "plan.json");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->axes[0].values[0].text, "a \"b\"");
  EXPECT_EQ(plan->prompt.Fill([](size_t) { return "x"; }), "x é");
}

TEST(PlanFile, ErrorsSayWhereAndWhatIsExpected) {
  constexpr absl::string_view kPlan = R"(prompt: "{place}"
steps: 25
count: 1
axes:
  place: {river: a river, sea: {text: the sea}}
  level: [simple, hard]
)";
  ASSERT_EQ(PlanErrorOf(kPlan), "");
  const struct {
    std::string from;
    std::string to;
    absl::string_view error;
  } kWrong[] = {
      {"count: 1", "counts: 1",
       "plan.yaml:3:1: counts: got an unknown field; expected title, base_model,"},
      {"count: 1", "count: 0",
       "plan.yaml:3:8: count: got \"0\"; expected a whole number from 1 to 10000"},
      {"count: 1", "count: [1]", "plan.yaml:3:8: count: got a list; expected a whole number"},
      {"steps: 25", "steps: 2.5",
       "plan.yaml:2:8: steps: got \"2.5\"; expected a whole number from 1 to 1000"},
      {"steps: 25", "guidance: nan", "plan.yaml:2:11: guidance: got \"nan\"; expected a number"},
      {"steps: 25", "solver: dimm", "plan.yaml:2:9: solver: got \"dimm\"; expected one of ddim"},
      {"steps: 25", "count: 2", "plan.yaml:3:1: count: got it twice; expected it once"},
      {"steps: 25", "seed: -1", "plan.yaml:2:7: seed: got \"-1\"; expected a whole number from 0"},
      {"{place}", "{town}",
       "plan.yaml:1:9: prompt: at character 1: no axis is called \"town\"; expected place, level"},
      {"{text: the sea}", "{text: the sea, steps: 0}",
       "plan.yaml:5:55: axes.place.sea.steps: got \"0\"; expected a whole number from 1"},
      {"{text: the sea}", "{texts: the sea}",
       "plan.yaml:5:33: axes.place.sea.texts: got an unknown field; expected text, "
       "weight, alt_text"},
      {"sea:", "\"the sea\":",
       "plan.yaml:5:27: axes.place.\"the sea\": got \"the sea\"; expected a name"},
      {"hard]", "simple]", "plan.yaml:6:19: axes.level[1]: got \"simple\" twice"},
      {"hard]", "hard]\nsame_seed: levels",
       "plan.yaml:7:12: same_seed: got \"levels\"; expected an axis: place, level"},
      {"hard]", "hard]\nsame_seed: level",
       "plan.yaml:6:19: axes.level.hard: got the prompt, settings and seed of another value; "
       "expected"},
      {"hard]", "hard]\nexclude: [{place: sea, levl: hard}]",
       "plan.yaml:7:24: exclude[0].levl: got \"levl\"; expected an axis: place, level"},
      {"hard]", "hard]\nexclude: [{place: [sea, see]}]",
       "plan.yaml:7:25: exclude[0].place[1]: got \"see\"; expected a value of place: river, sea"},
      {"hard]", "hard]\nquotas: [{each: place}]",
       "plan.yaml:7:10: quotas[0]: got no share; expected at_least or at_most"},
      {"hard]", "hard]\nquotas: [{at_least: 20%}]",
       "plan.yaml:7:10: quotas[0]: got neither \"each\" nor \"of\"; expected one of them"},
      {"hard]", "hard]\nquotas: [{each: place, at_least: 120%}]",
       "plan.yaml:7:34: quotas[0].at_least: got \"120%\"; expected a share such as 20% or 0.2"},
      {"hard]", "hard]\nalt_text: {de: 'Bild: {place}'}",
       "plan.yaml:7:16: alt_text.de: got {place}; expected axes.place.river.alt_text.de to say "
       "what stands for it"},
      {"the sea}}", "the sea, steps: 3}}\n  more: {x: {steps: 4}}",
       "plan.yaml:6:10: axes.more.x: got steps, as in axis place; expected one axis to say it"},
      {"  level: [simple, hard]", "  level: []",
       "plan.yaml:6:10: axes.level: got 0 values; expected 1 to 10000"},
      {"a river,", "*river,", "plan.yaml:5:18: not YAML: "},
      {"hard]", "hard", "plan.yaml:7:1: not YAML: "},
      {"hard]", "hard]\n---\ncount: 2",
       "plan.yaml:8:1: plan: got text after the end of the plan; expected one plan"},
      {"hard]", "hard]\nexclude: [{place: []}]",
       "plan.yaml:7:19: exclude[0].place: got no value; expected values of place"},
      {"hard]", "hard]\nquotas: [{each: level, at_most: 40%}]",
       "plan.yaml:7:10: quotas[0]: got at most 40 % of each of 2 values; expected a share that "
       "all"},
      {"hard]", "hard]\nquotas: [{each: level, at_least: 3%, at_most: 2%}]",
       "plan.yaml:7:10: quotas[0]: got at_least 3 %, at_most 2 %; expected at_least no larger"},
      {"the sea}", "the sea, alt_text: {ed: sea}}",
       "plan.yaml:5:27: axes.place.sea.alt_text.ed: got words in a language without"},
      {"steps: 25", "base_model: sd15",
       "plan.yaml:2:13: base_model: got \"sd15\"; expected baseModels/"},
      {"steps: 25", "embeddings: [concepts/a, concepts/a]",
       "plan.yaml:2:26: embeddings[1]: got it twice; expected it once"},
      {"steps: 25", "\"a\\eb\": 3", "plan.yaml:2:1: \"a\\033b\": got an unknown field"},
      // An anchor inside itself.
      {"{text: the sea}", "&sea {text: *sea}",
       "plan.yaml:5:32: axes.place.sea.text: got a map; expected a text"},
      {"a river", "\"a \\u0000 river\"", "plan.yaml:5:18: axes.place.river: got"},
  };
  for (const auto& wrong : kWrong) {
    std::string text(kPlan);
    text.replace(text.find(wrong.from), wrong.from.size(), wrong.to);
    EXPECT_THAT(PlanErrorOf(text), StartsWith(std::string(wrong.error))) << text;
  }
  EXPECT_THAT(PlanErrorOf(std::string(5000, '[')), HasSubstr("deep; expected a plan"));
  EXPECT_THAT(PlanErrorOf(""), StartsWith("plan.yaml:"));
  EXPECT_THAT(PlanErrorOf(""), HasSubstr("plan: got nothing; expected a map"));
  EXPECT_THAT(PlanErrorOf("prompt: x"), HasSubstr("plan.yaml: axes: got nothing"));
  EXPECT_THAT(PlanErrorOf("axes: {a: [b]}"), HasSubstr("plan.yaml: prompt: got nothing"));
}

// A few lines that stand for much: 10,000 values with 1,000 languages each; 10,000 quotas.
TEST(PlanFile, AliasesAndQuotasCannotBlowUp) {
  std::string values;
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&values, "v", i, ": *value, ");
  std::string words;
  for (int i = 0; i < 1'000; ++i) absl::StrAppend(&words, "l", i, ": words, ");
  EXPECT_THAT(PlanErrorOf(absl::StrCat("prompt: x\naxes:\n  a: {first: &value {alt_text: {", words,
                                       "}}, ", values, "}\n")),
              HasSubstr("10001 values; expected 1 to 10000"));
  EXPECT_THAT(PlanErrorOf(absl::StrCat("prompt: x\naxes:\n  a: {b: &value {alt_text: {", words,
                                       "}}}\n  c: {", values, "}\n")),
              HasSubstr("axes.a.b.alt_text: got 1000 languages; expected at most 32"));
  EXPECT_THAT(PlanErrorOf(absl::StrCat(
                  "prompt: x\naxes:\n  a: {b: &value {negative_prompt: ", std::string(2'000, 'x'),
                  "}}\n  c: {", values, "}\n  d: {", values, "}\n")),
              HasSubstr("too much, with what its aliases stand for; expected at most 32 MiB"));
  EXPECT_THAT(PlanErrorOf(absl::StrCat("prompt: x\naxes:\n  a: {b: &value x}\n  c: {", values,
                                       "}\nquotas: [{each: c, at_most: 1%}]\n")),
              HasSubstr("quotas[0]: got 10000 axes named so far; expected at most 500"));
}

TEST(PlanFile, ListsCutLongNames) {
  std::string values;
  for (int i = 0; i < 400; ++i) absl::StrAppend(&values, "v", i, ", ");
  const std::string plan = absl::StrCat("prompt: x\naxes:\n  a: &all [", values, "]\n");
  EXPECT_THAT(PlanErrorOf(absl::StrCat(plan, "exclude: [{a: b}]\n")),
              EndsWith("expected a value of a: v0, v1, v2, v3, v4, v5, v6, v7, 392 more"));
  const auto quota = ParsePlan(absl::StrCat(plan, "quotas: [{of: {a: *all}, at_least: 1%}]\n"), "");
  ASSERT_TRUE(quota.ok()) << quota.status();
  EXPECT_EQ(quota->quotas[0].name, "a=v0|v1|v2|v3|v4|v5|v6|v7|392 more");
}

TEST(PlanFile, NamesTheFile) {
  const ScratchFolder folder;
  const auto file = folder.path() / "river.yaml";
  std::ofstream(file) << "prompt: [x]\naxes: {a: [b]}\n";
  EXPECT_THAT(ReadPlan(file).status().message(),
              HasSubstr(absl::StrCat(file.string(), ":1:9: prompt: got a list")));
  EXPECT_THAT(ReadPlan(folder.path() / "sea.yaml").status().message(), HasSubstr("sea.yaml"));
}

}  // namespace
}  // namespace imprint::sets
