#include "gateway/api/spec_parser.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "orders/training_recipe.h"

namespace imprint::gateway {
namespace {

using Parts = std::vector<std::string>;

v1::TrainingSpec Training() {
  v1::TrainingSpec spec;
  spec.set_base_model("baseModels/demo");
  spec.set_reference_set("referenceSets/rex");
  spec.set_concept_name("concepts/rex");
  spec.set_token("<rex>");
  spec.set_class_word("dog");
  return spec;
}

v1::ImageSetSpec ImageSet() {
  v1::ImageSetSpec spec;
  spec.set_base_model("baseModels/demo");
  spec.add_prompts("<rex> in the snow");
  spec.add_seeds(1);
  return spec;
}

TEST(SpecParser, ATrainingGetsTheEnginesDefaults) {
  ASSERT_OK_AND_ASSIGN(const v1::TrainingSpec spec, ParseTrainingSpec(Training()));
  const TrainingRecipe recipe;
  EXPECT_EQ(spec.recipe().steps(), recipe.steps);
  EXPECT_EQ(spec.recipe().learning_rate(), recipe.learning_rate);
  EXPECT_EQ(spec.recipe().flip(), recipe.flip);
  EXPECT_EQ(spec.ranks(), 1);
  EXPECT_EQ(spec.min_ranks(), 1);
  EXPECT_FALSE(spec.templates().empty());
}

TEST(SpecParser, AZeroThatIsSetIsNoDefault) {
  v1::TrainingSpec spec = Training();
  spec.mutable_recipe()->set_average(0);
  spec.mutable_recipe()->set_flip(false);
  ASSERT_OK_AND_ASSIGN(const v1::TrainingSpec parsed, ParseTrainingSpec(spec));
  EXPECT_EQ(parsed.recipe().average(), 0);
  EXPECT_FALSE(parsed.recipe().flip());
  spec.mutable_recipe()->set_steps(0);
  EXPECT_THAT(ParseTrainingSpec(spec), RefusesNaming(Parts{"spec.recipe.steps: got 0"}));
}

TEST(SpecParser, ParsingTwiceChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::TrainingSpec once, ParseTrainingSpec(Training()));
  ASSERT_OK_AND_ASSIGN(const v1::TrainingSpec twice, ParseTrainingSpec(once));
  EXPECT_EQ(once.SerializeAsString(), twice.SerializeAsString());
}

TEST(SpecParser, EveryBadFieldOfATrainingIsNamed) {
  const std::vector<std::pair<std::string, std::function<void(v1::TrainingSpec&)>>> cases = {
      {"spec.base_model: ", [](auto& s) { s.set_base_model("demo"); }},
      {"spec.reference_set: ", [](auto& s) { s.clear_reference_set(); }},
      {"spec.concept_name: ", [](auto& s) { s.set_concept_name("concepts/Rex!"); }},
      {"spec.token: ", [](auto& s) { s.set_token("my dog"); }},
      {"spec.token: ", [](auto& s) { s.set_token(std::string(101, 'x')); }},
      {"spec.class_word: ", [](auto& s) { s.clear_class_word(); }},
      {"spec.kind: got 9", [](auto& s) { s.set_kind(static_cast<v1::ConceptKind>(9)); }},
      {"spec.templates[0]: ", [](auto& s) { s.add_templates("a photo"); }},
      {"spec.size: got -8", [](auto& s) { s.set_size(-8); }},
      {"spec.ranks: got 9",
       [](auto& s) {
         s.mutable_recipe()->set_batch(4);
         s.mutable_recipe()->set_accumulation(2);
         s.set_ranks(9);
       }},
      {"spec.ranks: got -2", [](auto& s) { s.set_ranks(-2); }},
      {"spec.min_ranks: got 3",
       [](auto& s) {
         s.mutable_recipe()->set_batch(4);
         s.set_ranks(2);
         s.set_min_ranks(3);
       }},
      {"spec.checkpoint_every: got -1", [](auto& s) { s.set_checkpoint_every(-1); }},
      {"spec.compute_threads: got 9999", [](auto& s) { s.set_compute_threads(9999); }},
      {"spec.precision: got \"fp8\"", [](auto& s) { s.set_precision("fp8"); }},
      {"spec.recipe.learning_rate: ",
       [](auto& s) {
         s.mutable_recipe()->set_learning_rate(std::numeric_limits<double>::quiet_NaN());
       }},
  };
  for (const auto& [expected, spoil] : cases) {
    v1::TrainingSpec spec = Training();
    spoil(spec);
    EXPECT_THAT(ParseTrainingSpec(spec), RefusesNaming(Parts(1, expected)));
  }
}

TEST(SpecParser, WhatIsTooLongIsRefused) {
  v1::TrainingSpec training = Training();
  EXPECT_THAT(CheckLengths(training), Succeeds());
  for (int i = 0; i < 1001; ++i) training.add_templates("{}");
  EXPECT_THAT(CheckLengths(training), RefusesNaming(Parts{"spec.templates: got 1001"}));
  training = Training();
  training.set_token(std::string((3 << 20) - 1000, 'x'));
  EXPECT_THAT(CheckLengths(training), Succeeds());
  training.set_token(std::string(3 << 20, 'x'));
  EXPECT_THAT(CheckLengths(training), RefusesNaming(Parts{"spec: got", "at most 3145728"}));
  v1::ImageSetSpec set = ImageSet();
  EXPECT_THAT(CheckLengths(set), Succeeds());
  for (int i = 0; i < 65; ++i) set.add_embeddings("e");
  EXPECT_THAT(CheckLengths(set), RefusesNaming(Parts{"spec.embeddings: got 65"}));
  set = ImageSet();
  set.set_negative_prompt(std::string(4 << 20, 'x'));
  EXPECT_THAT(CheckLengths(set), RefusesNaming(Parts{"spec: got", "several sets"}));
}

TEST(SpecParser, ATrainingsSizeComesFromTheModelAndFitsIt) {
  v1::BaseModel model;
  model.set_picture_size(512);
  model.set_size_multiple(64);
  v1::TrainingSpec spec = Training();
  ASSERT_THAT(FitToModel(model, spec), Succeeds());
  EXPECT_EQ(spec.size(), 512);
  spec.set_size(100);
  EXPECT_THAT(FitToModel(model, spec), RefusesNaming(Parts{"spec.size: got 100", "64"}));
  spec.set_size(0);
  model.set_picture_size(0);
  EXPECT_THAT(FitToModel(model, spec), RefusesNaming(Parts{"spec.size: got 0, the model's own 0"}))
      << "of a model whose size nobody knows";
}

TEST(SpecParser, NoCheckpointsIsAChoice) {
  EXPECT_EQ(ParseTrainingSpec(Training())->checkpoint_every(), 50);
  v1::TrainingSpec spec = Training();
  spec.set_checkpoint_every(0);
  EXPECT_EQ(ParseTrainingSpec(spec)->checkpoint_every(), 0);
}

TEST(SpecParser, EveryBadFieldOfAnImageSetIsNamed) {
  const std::vector<std::pair<std::string, std::function<void(v1::ImageSetSpec&)>>> cases = {
      {"spec.base_model: ", [](auto& s) { s.clear_base_model(); }},
      {"spec.prompts: got 0", [](auto& s) { s.clear_prompts(); }},
      {"spec.prompts[0]: ", [](auto& s) { s.set_prompts(0, std::string(2001, 'x')); }},
      {"spec.seeds: got 0", [](auto& s) { s.clear_seeds(); }},
      {"spec.steps: got 1001", [](auto& s) { s.set_steps(1001); }},
      {"spec.guidance: got nan",
       [](auto& s) { s.set_guidance(std::numeric_limits<double>::quiet_NaN()); }},
      {"spec.width: got -1", [](auto& s) { s.set_width(-1); }},
      {"spec.prompt_style: got 9",
       [](auto& s) { s.set_prompt_style(static_cast<v1::PromptStyle>(9)); }},
      {"spec.clip_skip: got -1", [](auto& s) { s.set_clip_skip(-1); }},
      {"spec.solver: got \"heun\"", [](auto& s) { s.set_solver("heun"); }},
      {"spec.precision: got \"fp8\"", [](auto& s) { s.set_precision("fp8"); }},
      {"spec.batch_places: got 33; expected a whole number from 0 to 32",
       [](auto& s) { s.set_batch_places(33); }},
      {"spec.batch_places: got -1", [](auto& s) { s.set_batch_places(-1); }},
      {"spec.upscale: got 5", [](auto& s) { s.set_upscale(5); }},
      {"spec.upscale: got nan",
       [](auto& s) { s.set_upscale(std::numeric_limits<double>::quiet_NaN()); }},
      {"spec.upscale_strength: got -0.5", [](auto& s) { s.set_upscale_strength(-0.5); }},
      {"spec.eta: got 2", [](auto& s) { s.set_eta(2); }},
      {"spec.guidance_rescale: got nan",
       [](auto& s) { s.set_guidance_rescale(std::numeric_limits<double>::quiet_NaN()); }},
      {"spec.image_set: ", [](auto& s) { s.set_image_set("imageSets/mine"); }},
      {"spec.prompts × spec.seeds: got 1020000",
       [](auto& s) {
         for (int i = 1; i < 102; ++i) s.add_prompts(std::string("x"));
         for (int i = 1; i < 10'000; ++i) s.add_seeds(static_cast<uint64_t>(i));
       }},
  };
  for (const auto& [expected, spoil] : cases) {
    v1::ImageSetSpec spec = ImageSet();
    spoil(spec);
    EXPECT_THAT(ParseImageSetSpec(spec), RefusesNaming(Parts(1, expected)));
  }
}

TEST(SpecParser, SizesComeFromTheModelAndFitIt) {
  v1::BaseModel model;
  model.set_picture_size(64);
  model.set_size_multiple(8);
  ASSERT_OK_AND_ASSIGN(v1::ImageSetSpec spec, ParseImageSetSpec(ImageSet()));
  EXPECT_THAT(FitToModel(model, spec), Succeeds());
  EXPECT_EQ(spec.width(), 64);
  EXPECT_EQ(spec.height(), 64);
  spec.set_height(60);
  EXPECT_THAT(FitToModel(model, spec), RefusesNaming(Parts{"spec.height: got 60", "8"}));
}

TEST(SpecParser, PromptsAreReadWithEmphasisUnlessTheCallerSaysOtherwise) {
  v1::ImageSetSpec given = ImageSet();
  ASSERT_OK_AND_ASSIGN(v1::ImageSetSpec spec, ParseImageSetSpec(given));
  EXPECT_EQ(spec.prompt_style(), v1::PROMPT_STYLE_EMPHASIS);
  EXPECT_EQ(spec.clip_skip(), 1);
  given.set_prompt_style(v1::PROMPT_STYLE_LITERAL);
  ASSERT_OK_AND_ASSIGN(spec, ParseImageSetSpec(given));
  EXPECT_EQ(spec.prompt_style(), v1::PROMPT_STYLE_LITERAL);
}

TEST(SpecParser, SolversGetTheirOwnNamesAndTheModelsWhereNoneIsGiven) {
  v1::BaseModel model;
  model.set_picture_size(64);
  v1::ImageSetSpec given = ImageSet();
  given.set_solver("DPM++ 2M Karras");
  ASSERT_OK_AND_ASSIGN(v1::ImageSetSpec spec, ParseImageSetSpec(given));
  EXPECT_EQ(spec.solver(), "dpmpp_2m_karras");

  given.clear_solver();
  ASSERT_OK_AND_ASSIGN(spec, ParseImageSetSpec(given));
  EXPECT_THAT(FitToModel(model, spec), Succeeds());
  EXPECT_EQ(spec.solver(), "ddim") << "of a model that was registered before it was asked";
  ASSERT_OK_AND_ASSIGN(spec, ParseImageSetSpec(given));
  model.set_solver("pndm");
  EXPECT_THAT(FitToModel(model, spec), Succeeds());
  EXPECT_EQ(spec.solver(), "pndm");
}

TEST(SpecParser, SolversRefuseWhatTheyCannotDo) {
  v1::BaseModel model;
  model.set_picture_size(64);
  v1::ImageSetSpec given = ImageSet();
  given.set_solver("unipc");
  given.set_steps(1000);
  ASSERT_OK_AND_ASSIGN(v1::ImageSetSpec spec, ParseImageSetSpec(given));
  EXPECT_THAT(FitToModel(model, spec), RefusesNaming(Parts{"spec.steps: got 1000", "998"}));
  spec.set_steps(20);
  spec.set_eta(0.5);
  EXPECT_THAT(FitToModel(model, spec), RefusesNaming(Parts{"spec.eta: got 0.5", "unipc", "ddim"}));
  spec.set_solver("ddim");
  EXPECT_THAT(FitToModel(model, spec), Succeeds());
}

TEST(SpecParser, ASecondPassMustBeOne) {
  v1::BaseModel model;
  model.set_picture_size(512);
  v1::ImageSetSpec given = ImageSet();
  ASSERT_OK_AND_ASSIGN(v1::ImageSetSpec spec, ParseImageSetSpec(given));
  EXPECT_EQ(spec.upscale(), 1);
  EXPECT_EQ(spec.precision(), "auto");
  spec.set_upscale_strength(0.001);
  EXPECT_THAT(FitToModel(model, spec), Succeeds()) << "there is no second pass";
  spec.set_upscale(2);
  EXPECT_THAT(FitToModel(model, spec),
              RefusesNaming(Parts{"spec.upscale_strength: got 0.001", "1/25"}));
  spec.set_upscale_strength(0.5);
  EXPECT_THAT(FitToModel(model, spec), Succeeds());
  EXPECT_EQ(spec.picture_width(), 1024);
  spec.set_width(2048);
  spec.set_upscale(3);
  EXPECT_THAT(FitToModel(model, spec), RefusesNaming(Parts{"spec.upscale: got 3", "6144", "4096"}));
}

TEST(SpecParser, NoMoreLayersAreSkippedThanTheModelHas) {
  v1::BaseModel model;
  model.set_picture_size(64);
  model.set_text_layers(2);
  v1::ImageSetSpec given = ImageSet();
  given.set_clip_skip(2);
  ASSERT_OK_AND_ASSIGN(v1::ImageSetSpec spec, ParseImageSetSpec(given));
  EXPECT_THAT(FitToModel(model, spec), Succeeds());
  spec.set_clip_skip(3);
  EXPECT_THAT(FitToModel(model, spec), RefusesNaming(Parts{"spec.clip_skip: got 3", "1 to 2"}));
  model.clear_text_layers();  // not known
  EXPECT_THAT(FitToModel(model, spec), Succeeds());
}

TEST(SpecParser, TimeoutsAreBounded) {
  v1::JobTimeouts timeouts;
  EXPECT_THAT(CheckTimeouts(timeouts), Succeeds()) << "none is no limit";
  timeouts.mutable_queue()->set_seconds(1);
  timeouts.mutable_total()->set_seconds(366 * 86'400);
  EXPECT_THAT(CheckTimeouts(timeouts), Succeeds());
  timeouts.mutable_attempt()->set_nanos(1);
  EXPECT_THAT(CheckTimeouts(timeouts), RefusesNaming(Parts{"timeouts.attempt: got", "1 second"}));
  timeouts.clear_attempt();
  timeouts.mutable_total()->set_seconds(366 * 86'400 + 1);
  EXPECT_THAT(CheckTimeouts(timeouts), RefusesNaming(Parts{"timeouts.total: got"}));
}

TEST(SpecParser, ATimeoutThatIsNoDurationIsRefused) {
  for (const int nanos : {-1, 1'000'000'000, 2'000'000'000}) {
    v1::JobTimeouts timeouts;
    timeouts.mutable_queue()->set_seconds(5);
    timeouts.mutable_queue()->set_nanos(nanos);
    EXPECT_THAT(CheckTimeouts(timeouts), RefusesNaming(Parts{"timeouts.queue.nanos: got"}));
  }
  v1::JobTimeouts timeouts;
  timeouts.mutable_attempt()->set_seconds(-5);
  EXPECT_THAT(CheckTimeouts(timeouts), RefusesNaming(Parts{"timeouts.attempt: got", "1 second"}));
}

}  // namespace
}  // namespace imprint::gateway
