#include "imaging/picture_format.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

std::optional<SniffedFormat> Sniff(absl::string_view text) {
  return SniffPicture(std::as_bytes(std::span(text)));
}

TEST(SniffPicture, GoesByContent) {
  EXPECT_EQ(Sniff("\x89PNG\r\n\x1A\n....")->written, PictureFormat::kPng);
  EXPECT_EQ(Sniff("\xFF\xD8\xFF\xE0")->read, ReadFormat::kJpeg);
  EXPECT_EQ(Sniff("RIFF....WEBPVP8 ")->written, PictureFormat::kWebp);
  EXPECT_EQ(Sniff(absl::string_view("II*\0....", 8))->read, ReadFormat::kTiff);
  EXPECT_FALSE(Sniff(absl::string_view("MM\0*....", 8))->written);
  EXPECT_EQ(Sniff("GIF89a")->name, "GIF");
  EXPECT_FALSE(Sniff("GIF89a")->read);
  EXPECT_FALSE(Sniff("RIFF....WAVE"));
  EXPECT_FALSE(Sniff("\x89PN"));
  EXPECT_FALSE(Sniff(""));
}

TEST(SniffPicture, KnowsHeifByItsBrands) {
  EXPECT_EQ(Sniff("....ftypheic....")->name, "HEIC");
  EXPECT_EQ(Sniff("....ftypavif....")->read, ReadFormat::kHeif);
  EXPECT_EQ(Sniff("....ftypmif1....miafheix")->name, "HEIC");
  EXPECT_EQ(Sniff("....ftypmif1....miafavif")->name, "AVIF");
  EXPECT_EQ(Sniff("....ftypmif1")->name, "HEIF");
  EXPECT_FALSE(Sniff("....ftypisom....mp42")) << "a film";
  EXPECT_FALSE(Sniff("....ftypcrx ")->read) << "a camera's raw picture";
}

TEST(FormatOfExtension, KnowsWhatWeWrite) {
  for (const auto format : {PictureFormat::kPng, PictureFormat::kJpeg, PictureFormat::kWebp}) {
    EXPECT_EQ(FormatOfExtension(Extension(format)), format);
  }
  for (const char* other : {"", ".", "png", ".gif", ".jpeg"}) {
    EXPECT_EQ(FormatOfExtension(other), std::nullopt) << other;
  }
}

TEST(HasPictureExtension, KnowsNamesInAnyCase) {
  EXPECT_TRUE(HasPictureExtension("IMG_1.JPG"));
  EXPECT_TRUE(HasPictureExtension("mia.heic"));
  EXPECT_FALSE(HasPictureExtension("notes.txt"));
  EXPECT_FALSE(HasPictureExtension("png"));
}

}  // namespace
}  // namespace imprint
