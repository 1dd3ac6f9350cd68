#include "formats/embedding_files/pixel_payload.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "base/png/deflate_for_tests.h"

namespace imprint {
namespace {

// Half of a stream's bits, as the web UI hides them: tests/parity does it the web UI's own way.
void Hide(const std::string& stream, int shift, int left, int width, RgbImage& picture) {
  uint32_t state = 0;
  size_t i = 0;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = left; x < left + width; ++x) {
      for (int channel = 0; channel < 3; ++channel, ++i) {
        state = 1664525 * state + 1013904223;
        const auto byte = static_cast<uint8_t>(stream[i % stream.size()]);
        const unsigned bits = (byte >> shift & 0x0F) ^ (state % 255 & 0x0F);
        picture.Pixel(x, y)[channel] = static_cast<uint8_t>(0x50 | bits);
      }
    }
  }
}

RgbImage Card(const std::string& payload) {
  constexpr int kHeight = 32;
  constexpr int kShown = 20;
  const std::string stream = Deflated(payload);
  const int block = static_cast<int>(stream.size()) / (3 * kHeight) + 1;
  RgbImage card = RgbImage::Blank(2 * block + kShown + 2, kHeight, 0);
  Hide(stream, 0, 0, block, card);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kShown; ++x) *card.Pixel(block + 1 + x, y) = 0x77;
  }
  Hide(stream, 4, block + kShown + 2, block, card);
  return card;
}

TEST(PixelPayload, IsWhatWasHidden) {
  const std::string payload(1000, 'x');
  EXPECT_EQ(PayloadInPixels(Card(payload), 2000), payload);
  EXPECT_EQ(PayloadInPixels(Card("{}"), 2000), "{}");
}

TEST(PixelPayload, MayBeMissing) {
  EXPECT_EQ(PayloadInPixels(RgbImage(), 100), std::nullopt);
  EXPECT_EQ(PayloadInPixels(RgbImage::Blank(20, 20, 0), 100), std::nullopt);
  EXPECT_EQ(PayloadInPixels(RgbImage::Blank(20, 20, 0xFF), 100), std::nullopt);
  EXPECT_EQ(PayloadInPixels(RgbImage::Blank(20, 20, 0x10), 100), std::nullopt);
  EXPECT_EQ(PayloadInPixels(Card(std::string(200, 'x')), 100), std::nullopt) << "too much";
  RgbImage changed = Card("a payload");
  changed.Pixel(0, 0)[0] ^= 1;
  EXPECT_EQ(PayloadInPixels(changed, 100), std::nullopt);
}

}  // namespace
}  // namespace imprint
