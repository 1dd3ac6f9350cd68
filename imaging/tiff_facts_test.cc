#include "imaging/tiff_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "imaging/test_pictures.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

constexpr SizeLimit kTiffLimit = {.max_side = 1000, .max_pixels = 100'000};

struct Field {
  int tag;
  uint32_t value;
};

// A big-endian file of pages, whose fields are all LONG.
std::string Tiff(const std::vector<std::vector<Field>>& pages) {
  std::string file = std::string("MM\0*", 4) + BigEndian(8);
  for (size_t i = 0; i < pages.size(); ++i) {
    file += BigEndian(pages[i].size(), 2);
    for (const Field& field : pages[i]) {
      file += BigEndian(field.tag, 2) + BigEndian(4, 2) + BigEndian(1) + BigEndian(field.value);
    }
    file += BigEndian(i + 1 < pages.size() ? file.size() + 4 : 0);
  }
  return file;
}

std::vector<Field> Page(const std::vector<Field>& more = {}) {
  std::vector<Field> fields = {{256, 30}, {257, 20}, {258, 8}, {277, 1}, {278, 10}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

absl::StatusOr<TiffFacts> FactsOf(const std::string& file) {
  return ReadTiffFacts(Bytes(file), kTiffLimit);
}

TEST(ReadTiffFacts, TheFirstPictureCounts) {
  ASSERT_OK_AND_ASSIGN(const TiffFacts one, FactsOf(Tiff({Page({{274, 6}})})));
  EXPECT_EQ(one.page, 0);
  EXPECT_EQ(one.pictures, 1);
  EXPECT_EQ(one.exif.orientation, 6);
  EXPECT_EQ(one.piece_bytes, 30) << "a row";
  EXPECT_EQ(FactsOf(Tiff({Page({{259, 7}})}))->piece_bytes, 300) << "ten rows of JPEG";
  const auto copy = Page({{254, 1}});
  ASSERT_OK_AND_ASSIGN(const TiffFacts three, FactsOf(Tiff({copy, Page(), copy, Page()})));
  EXPECT_EQ(three.page, 1) << "a smaller copy is passed over";
  EXPECT_EQ(three.pictures, 2);
}

TEST(ReadTiffFacts, OnlyWhatIsSaidToBeTransparencyIs) {
  const auto alpha = [](int photometric, int samples, const std::vector<Field>& more) {
    std::vector<Field> page = {{256, 30},
                               {257, 20},
                               {258, 8},
                               {277, static_cast<uint32_t>(samples)},
                               {262, static_cast<uint32_t>(photometric)}};
    page.insert(page.end(), more.begin(), more.end());
    const auto facts = FactsOf(Tiff({page}));
    EXPECT_THAT(facts, Succeeds());
    return facts->alpha;
  };
  constexpr int kRgb = 2;
  constexpr int kCmyk = 5;
  EXPECT_EQ(alpha(kRgb, 3, {}), std::nullopt);
  EXPECT_EQ(alpha(kRgb, 4, {}), 0);
  for (const int kind : {1, 2}) EXPECT_EQ(alpha(kRgb, 4, {{338, static_cast<uint32_t>(kind)}}), 0);
  EXPECT_EQ(alpha(kRgb, 4, {{338, 0}}), std::nullopt);
  EXPECT_EQ(alpha(kRgb, 5, {}), std::nullopt);
  EXPECT_EQ(alpha(kCmyk, 4, {}), std::nullopt);
  EXPECT_EQ(alpha(kCmyk, 5, {{338, 0}}), std::nullopt);
  EXPECT_EQ(alpha(kCmyk, 5, {{338, 2}}), 0);
}

TEST(ReadTiffFacts, PagesThatRunInACircleEnd) {
  std::string file = Tiff({Page(), Page()});
  file.replace(file.size() - 4, 4, BigEndian(8));
  EXPECT_EQ(FactsOf(file)->pictures, 2);
}

TEST(ReadTiffFacts, CamerasRawPicturesAreRefusedByName) {
  EXPECT_THAT(FactsOf(Tiff({Page({{50706, 1}})})), RefusesNaming(Parts{"raw", "DNG", "export"}));
  EXPECT_THAT(FactsOf(Tiff({Page({{262, 32803}})})), RefusesNaming(Parts{"raw"}));
  // Nikon's and Sony's first page is a thumbnail; the sensor's numbers lie beneath it.
  std::string nef = Tiff({Page({{254, 1}, {330, 0}})});
  const size_t inside = nef.size();
  nef += Tiff({Page({{262, 32803}})}).substr(8);
  nef.replace(inside - 8, 4, BigEndian(inside));
  EXPECT_THAT(FactsOf(nef), RefusesNaming(Parts{"raw", "NEF"}));
}

TEST(ReadTiffFacts, WhatIsNoPictureOfWholeNumbersIsRefused) {
  EXPECT_THAT(FactsOf(Tiff({Page({{339, 3}})})), RefusesNaming(Parts{"floating-point"}));
  EXPECT_THAT(FactsOf(Tiff({Page({{259, 34712}})})), RefusesNaming(Parts{"compression", "34712"}));
  EXPECT_THAT(FactsOf(Tiff({{{256, 30}, {257, 20}, {258, 32}}})),
              RefusesNaming(Parts{"bits", "32"}));
  EXPECT_THAT(FactsOf(Tiff({{{256, 30}, {257, 20}, {277, 200}}})),
              RefusesNaming(Parts{"numbers a pixel", "200"}));
  EXPECT_THAT(FactsOf(Tiff({Page({{322, 100'000}, {323, 100'000}})})),
              RefusesNaming(Parts{"tiles", "100000×100000"}));
}

TEST(ReadTiffFacts, LimitsCount) {
  EXPECT_THAT(FactsOf(Tiff({{{256, 4'000'000'000}, {257, 4'000'000'000}}})),
              RefusesNaming(Parts{"size", "at most 1000"}));
  EXPECT_THAT(FactsOf(Tiff({{{256, 500}, {257, 500}}})), RefusesNaming(Parts{"size: got 500×500"}));
  EXPECT_THAT(FactsOf(Tiff({{{256, 500}}})), Fails(absl::StatusCode::kDataLoss, testing::_));
  EXPECT_THAT(FactsOf("II*"), Fails(absl::StatusCode::kDataLoss, testing::_));
  const std::string whole = Tiff({Page()});
  for (size_t size = 0; size + 4 < whole.size(); ++size) {
    EXPECT_FALSE(FactsOf(whole.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace imprint
