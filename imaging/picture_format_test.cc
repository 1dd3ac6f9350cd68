#include "imaging/picture_format.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

std::optional<SniffedFormat> Sniff(absl::string_view text) {
  return SniffPicture(std::as_bytes(std::span(text)));
}

TEST(SniffPicture, GoesByContent) {
  EXPECT_EQ(Sniff("\x89PNG\r\n\x1A\n....")->supported, PictureFormat::kPng);
  EXPECT_EQ(Sniff("\xFF\xD8\xFF\xE0")->supported, PictureFormat::kJpeg);
  EXPECT_EQ(Sniff("RIFF....WEBPVP8 ")->supported, PictureFormat::kWebp);
  EXPECT_EQ(Sniff("GIF89a")->name, "GIF");
  EXPECT_FALSE(Sniff("GIF89a")->supported);
  EXPECT_FALSE(Sniff("RIFF....WAVE"));
  EXPECT_FALSE(Sniff("\x89PN"));
  EXPECT_FALSE(Sniff(""));
}

TEST(HasPictureExtension, KnowsNamesInAnyCase) {
  EXPECT_TRUE(HasPictureExtension("IMG_1.JPG"));
  EXPECT_TRUE(HasPictureExtension("mia.heic"));
  EXPECT_FALSE(HasPictureExtension("notes.txt"));
  EXPECT_FALSE(HasPictureExtension("png"));
}

}  // namespace
}  // namespace imprint
