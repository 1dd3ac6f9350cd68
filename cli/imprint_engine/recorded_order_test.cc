#include "cli/imprint_engine/recorded_order.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

engine::BaseModelInfo SmallModel() {
  engine::BaseModelInfo model{};
  model.picture_size = 64;
  model.size_multiple = 8;
  model.text_layers = 12;
  model.training_timesteps = 1000;
  return model;
}

RecordedPicture Recorded(const std::string& file, int64_t position) {
  return {.request = {.prompt = "a mascot", .steps = 3},
          .file = file,
          .position = position,
          .batch_places = 4};
}

TEST(RecordedOrder, EachPictureHasItsPositionAndTheBatchesTheirPlaces) {
  RecordedPicture first = Recorded("1.png", 17);
  RecordedPicture second = Recorded("2.png", 3);
  second.request.width = 32;
  const std::vector<const RecordedPicture*> pictures = {&first, &second};
  ASSERT_OK_AND_ASSIGN(const engine::DrawingOrder order, OrderOf(pictures, SmallModel(), nullptr));
  EXPECT_EQ(order.fixed_batch, 4);
  EXPECT_THAT(order.positions, ElementsAre(17, 3));
  EXPECT_EQ(order.requests[0].width, 64) << "the model's own";
  EXPECT_EQ(order.requests[1].width, 32);
  EXPECT_EQ(order.requests[1].height, 32) << "the width";
  EXPECT_EQ(order.requests[0].source, nullptr);
}

TEST(RecordedOrder, PicturesOfOneSizeShareTheirSource) {
  RecordedPicture first = Recorded("1.png", 0);
  RecordedPicture second = Recorded("2.png", 1);
  RecordedPicture small = Recorded("3.png", 2);
  small.request.width = 32;
  const std::vector<const RecordedPicture*> pictures = {&first, &second, &small};
  const RgbImage source = RgbImage::Blank(100, 100, 7);
  ASSERT_OK_AND_ASSIGN(const engine::DrawingOrder order, OrderOf(pictures, SmallModel(), &source));
  EXPECT_EQ(order.requests[0].source, order.requests[1].source);
  EXPECT_EQ(order.requests[0].source->width, 64);
  EXPECT_EQ(order.requests[2].source->width, 32);
}

TEST(RecordedOrder, WhatDoesNotFitTheModelIsNamed) {
  RecordedPicture picture = Recorded("1.png", 0);
  const std::vector<const RecordedPicture*> pictures = {&picture};
  const RgbImage source = RgbImage::Blank(100, 100);
  picture.request.width = 12;
  EXPECT_THAT(OrderOf(pictures, SmallModel(), &source), RefusesNaming(Parts{"1.png", "12"}));
  picture.request.width = 64;
  picture.request.clip_skip = 100;
  EXPECT_THAT(OrderOf(pictures, SmallModel(), nullptr),
              RefusesNaming(Parts{"1.png", "clip_skip", "100"}));
}

}  // namespace
}  // namespace imprint::cli
