#include "services/sampler/chunk_order.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::sampler {
namespace {

using Parts = std::vector<std::string>;

v1::StartSamplingRequest Request() {
  v1::StartSamplingRequest request;
  request.mutable_run()->set_job("jobs/a");
  request.mutable_run()->set_chunk(2);
  request.mutable_run()->set_attempt(1);
  request.mutable_model()->set_folder("/models/a");
  request.mutable_model()->set_fingerprint("abc");
  request.mutable_ticket()->set_registry("127.0.0.1:1");
  request.mutable_ticket()->set_token("ticket");
  v1::ItemRequest& item = *request.add_items();
  item.set_index(7);
  item.set_prompt("<rex> in the snow");
  item.set_seed(~0ULL);
  v1::ItemRequest& settings = *request.mutable_settings();
  settings.set_negative_prompt("blurry");
  settings.set_steps(3);
  settings.set_guidance(2.5);
  settings.set_guidance_rescale(0.25);
  settings.set_solver("ddim");
  settings.set_eta(0.5);
  settings.set_prompt_style(v1::PROMPT_STYLE_LITERAL);
  settings.set_clip_skip(2);
  settings.set_upscale(1.5);
  settings.set_upscale_strength(0.25);
  settings.set_precision("bf16");
  return request;
}

TEST(ChunkOrder, EveryFieldOfAPictureArrives) {
  v1::StartSamplingRequest given = Request();
  given.set_format(v1::PICTURE_FORMAT_WEBP);
  v1::EmbeddingFile& file = *given.add_embeddings();
  file.set_content(
      SerializeLearnedEmbedding({.token = "<rex>", .vectors = 1, .width = 2, .values = {1, 2}}));
  ASSERT_OK_AND_ASSIGN(const ChunkOrder order, ParseChunk(given));
  EXPECT_EQ(order.id, (node::RunId{.job = "jobs/a", .chunk = 2, .attempt = 1}));
  EXPECT_EQ(order.format, PictureFormat::kWebp);
  ASSERT_EQ(order.embeddings.size(), 1);
  EXPECT_EQ(order.embeddings[0].token, "<rex>");

  const PictureRequest request =
      ToPictureRequest(order.pictures[0], {.picture_size = 64, .size_multiple = 8});
  EXPECT_EQ(request.prompt, "<rex> in the snow");
  EXPECT_EQ(request.negative_prompt, "blurry");
  EXPECT_EQ(request.seed, ~0ULL);
  EXPECT_EQ(request.steps, 3);
  EXPECT_EQ(request.guidance, 2.5);
  EXPECT_EQ(request.guidance_rescale, 0.25);
  EXPECT_EQ(request.eta, 0.5);
  EXPECT_EQ(request.prompt_style, PromptStyle::kLiteral);
  EXPECT_EQ(request.clip_skip, 2);
  EXPECT_EQ(request.upscale, 1.5);
  EXPECT_EQ(request.upscale_strength, 0.25);
  EXPECT_EQ(order.precision, Precision::kBf16);
  EXPECT_EQ(request.width, 64);
  EXPECT_EQ(request.height, 64);
}

TEST(ChunkOrder, ItsBatchesHaveThePlacesThatItSays) {
  v1::StartSamplingRequest given = Request();
  for (int64_t index : {8, 9}) {
    *given.add_items() = given.items(0);
    given.mutable_items()->rbegin()->set_index(index);
  }
  EXPECT_EQ(ParseChunk(given)->batch_places, 3) << "nobody says";
  given.set_chunk_items(7);
  EXPECT_EQ(ParseChunk(given)->batch_places, 7);
  EXPECT_FALSE(ParseChunk(given)->needs_places);
  given.set_batch_places(2);
  EXPECT_EQ(ParseChunk(given)->batch_places, 2) << "however many pictures there are";
  EXPECT_TRUE(ParseChunk(given)->needs_places);
  given.set_batch_places(-1);
  EXPECT_THAT(ParseChunk(given), RefusesNaming(Parts{"batch_places", "-1"}));
}

TEST(ChunkOrder, ItsUrgencyIsTheJobsPriority) {
  v1::StartSamplingRequest given = Request();
  EXPECT_EQ(ParseChunk(given)->urgency, v1::JOB_PRIORITY_NORMAL) << "an earlier gateway says none";
  given.set_priority(v1::JOB_PRIORITY_INTERACTIVE);
  EXPECT_GT(ParseChunk(given)->urgency, v1::JOB_PRIORITY_NORMAL);
  given.set_priority(static_cast<v1::JobPriority>(99));
  EXPECT_THAT(ParseChunk(given), RefusesNaming(Parts{"priority: got 99", "INTERACTIVE"}));
}

TEST(ChunkOrder, WhatAnOlderGatewayLeavesOutIsAsItWas) {
  v1::StartSamplingRequest given = Request();
  given.mutable_settings()->clear_prompt_style();
  given.mutable_settings()->clear_clip_skip();
  given.mutable_settings()->clear_solver();
  given.mutable_settings()->clear_upscale();
  given.mutable_settings()->clear_upscale_strength();
  given.mutable_settings()->clear_precision();
  ASSERT_OK_AND_ASSIGN(const ChunkOrder order, ParseChunk(given));
  EXPECT_EQ(order.precision, Precision::kFp32);
  const PictureRequest request =
      ToPictureRequest(order.pictures[0], {.picture_size = 64, .size_multiple = 8});
  EXPECT_EQ(request.prompt_style, PromptStyle::kLiteral);
  EXPECT_EQ(request.clip_skip, PictureRequest().clip_skip);
  EXPECT_EQ(request.solver, PictureRequest().solver);
  EXPECT_EQ(request.upscale, 1);
}

TEST(ChunkOrder, AnEarlierGatewaySaysInEachItemHowAllAreDrawn) {
  v1::StartSamplingRequest given = Request();
  const v1::ItemRequest settings = given.settings();
  given.clear_settings();
  given.mutable_items(0)->MergeFrom(settings);
  ASSERT_OK_AND_ASSIGN(const ChunkOrder order, ParseChunk(given));
  EXPECT_EQ(order.precision, Precision::kBf16);
  EXPECT_EQ(order.pictures[0].request.steps, 3);
  EXPECT_EQ(order.pictures[0].request.prompt, "<rex> in the snow");
  EXPECT_EQ(order.Item(0).SerializeAsString(), given.items(0).SerializeAsString());

  *given.add_items() = given.items(0);
  given.mutable_items(1)->set_index(8);
  EXPECT_THAT(ParseChunk(given), Succeeds());
  given.mutable_items(1)->set_precision("fp32");
  EXPECT_THAT(ParseChunk(given),
              RefusesNaming(Parts{"items[1].precision", "that of the first item"}));
}

TEST(ChunkOrder, WhatIsRecordedOfAPictureIsItsSettingsAndItsOwn) {
  v1::StartSamplingRequest given = Request();
  v1::ItemRequest& second = *given.add_items();
  second.set_index(9);
  second.set_prompt("<rex> asleep");
  second.set_seed(4);
  ASSERT_OK_AND_ASSIGN(const ChunkOrder order, ParseChunk(given));
  v1::ItemRequest expected = given.settings();
  expected.MergeFrom(second);
  EXPECT_EQ(order.Item(1).SerializeAsString(), expected.SerializeAsString());
}

TEST(ChunkOrder, APictureMaySayOtherwiseThanTheOthers) {
  v1::StartSamplingRequest given = Request();
  v1::ItemRequest& second = *given.add_items();
  second.set_index(9);
  second.set_prompt("<rex> asleep");
  second.set_key("place=bed/1");
  second.set_steps(7);
  // What is zero is said, too.
  second.set_eta(0);
  second.set_guidance(0);
  second.add_spare_seeds(11);
  ASSERT_OK_AND_ASSIGN(const ChunkOrder order, ParseChunk(given));
  EXPECT_EQ(order.pictures[0].request.steps, 3);
  const PictureRequest& request = order.pictures[1].request;
  EXPECT_EQ(request.steps, 7);
  EXPECT_EQ(request.eta, 0);
  EXPECT_EQ(request.guidance, 0);
  EXPECT_EQ(request.negative_prompt, "blurry");
  EXPECT_EQ(order.Item(1).key(), "place=bed/1");
  EXPECT_EQ(order.Item(1).spare_seeds_size(), 0) << "they are not recorded";
  EXPECT_EQ(order.Item(1, 1).seed(), 11u);
}

TEST(ChunkOrder, TheSolverArrives) {
  v1::StartSamplingRequest given = Request();
  given.mutable_settings()->set_solver("dpmpp_2m_sde_karras");
  ASSERT_OK_AND_ASSIGN(const ChunkOrder order, ParseChunk(given));
  const PictureRequest request =
      ToPictureRequest(order.pictures[0], {.picture_size = 64, .size_multiple = 8});
  EXPECT_EQ(Name(request.solver), "dpmpp_2m_sde_karras");
}

TEST(ChunkOrder, WhatMakesNoSenseIsNamed) {
  const auto refuses = [](const auto& change) {
    v1::StartSamplingRequest request = Request();
    change(request);
    return ParseChunk(request);
  };
  EXPECT_THAT(refuses([](auto& r) { r.clear_run(); }), RefusesNaming(Parts{"run.job"}));
  EXPECT_THAT(refuses([](auto& r) { r.clear_model(); }), RefusesNaming(Parts{"model.folder"}));
  EXPECT_THAT(refuses([](auto& r) { r.clear_ticket(); }), RefusesNaming(Parts{"ticket.registry"}));
  EXPECT_THAT(refuses([](auto& r) { r.clear_items(); }), RefusesNaming(Parts{"items", "none"}));
  EXPECT_THAT(refuses([](auto& r) { *r.add_items() = r.items(0); }),
              RefusesNaming(Parts{"items[1].index", "7", "once"}));
  EXPECT_THAT(refuses([](auto& r) { r.mutable_items(0)->set_index(-1); }),
              RefusesNaming(Parts{"items[0].index", "-1"}));
  EXPECT_THAT(refuses([](auto& r) {
                r.mutable_settings()->set_prompt_style(static_cast<v1::PromptStyle>(9));
              }),
              RefusesNaming(Parts{"settings.prompt_style", "9"}));
  EXPECT_THAT(refuses([](auto& r) { r.mutable_settings()->set_solver("heun"); }),
              RefusesNaming(Parts{"settings.solver", "\"heun\""}));
  EXPECT_THAT(refuses([](auto& r) { r.mutable_settings()->set_precision("auto"); }),
              RefusesNaming(Parts{"settings.precision", "auto", "bf16 or fp16"}));
  EXPECT_THAT(refuses([](auto& r) { r.add_embeddings()->set_content("nonsense"); }),
              RefusesNaming(Parts{"embeddings[0]"}));
  EXPECT_THAT(refuses([](auto& r) { r.set_format(static_cast<v1::PictureFormat>(9)); }),
              RefusesNaming(Parts{"format", "9"}));
}

}  // namespace
}  // namespace imprint::sampler
