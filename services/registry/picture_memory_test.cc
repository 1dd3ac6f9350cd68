#include "services/registry/picture_memory.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "imaging/encode.h"

namespace imprint::registry {
namespace {

using ::testing::HasSubstr;

std::string Png(int side) {
  return *EncodePicture(RgbImage::Blank(side, side), PictureFormat::kPng);
}

std::span<const std::byte> Bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(PictureMemory, OneThatNeedsMoreThanThereIsIsRefusedAtOnce) {
  const std::string large = Png(600);
  const int64_t needed = *BytesToDecode(Bytes(large));
  PictureMemory memory(needed - 1);
  EXPECT_THAT(memory.Decode(Bytes(large)),
              Fails(absl::StatusCode::kResourceExhausted, HasSubstr("pictures that are decoded")));
  EXPECT_THAT(memory.Decode(Bytes(Png(64))), Succeeds());
}

TEST(PictureMemory, OthersWaitForWhatIsBeingLookedAt) {
  const std::string file = Png(600);
  const int64_t needed = *BytesToDecode(Bytes(file));
  PictureMemory memory(needed + needed / 2);
  auto first = memory.Decode(Bytes(file));
  ASSERT_THAT(first, Succeeds());
  std::atomic<bool> done = false;
  std::thread other([&] {
    EXPECT_THAT(memory.Decode(Bytes(file)), Succeeds());
    done = true;
  });
  // It cannot end before the first has gone; were it to begin late, nothing would be lost.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(done);
  *first = {};
  other.join();
  EXPECT_TRUE(done);
}

TEST(PictureMemory, WhatIsNoPictureTakesNone) {
  PictureMemory memory(1);
  EXPECT_THAT(memory.Decode(Bytes("no picture")),
              Fails(absl::StatusCode::kInvalidArgument, HasSubstr("PNG")));
}

}  // namespace
}  // namespace imprint::registry
