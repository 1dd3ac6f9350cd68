#include "imaging/heif_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "imaging/coded_size.h"
#include "imaging/decode.h"
#include "imaging/heif_boxes.h"
#include "imaging/test_pictures.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;
using vips::VImage;
using Parts = std::vector<std::string>;

constexpr SizeLimit kHeifLimit = {.max_side = 1000, .max_pixels = 100'000};

std::string Heif(VipsForeignHeifCompression compression, int width = 96, int height = 64) {
  return TakeBytes(View(RedAndBlue(width, height))
                       .heifsave_buffer(VImage::option()->set("compression", compression)));
}

const std::string& Hevc() {
  static const std::string* const file = new std::string(Heif(VIPS_FOREIGN_HEIF_COMPRESSION_HEVC));
  return *file;
}

const std::string& Av1() {
  static const std::string* const file = new std::string(Heif(VIPS_FOREIGN_HEIF_COMPRESSION_AV1));
  return *file;
}

absl::StatusOr<HeifFacts> HeifFactsOf(const std::string& file,
                                      const SizeLimit& limit = kHeifLimit) {
  return ReadHeifFacts(Bytes(file), limit);
}

// The file with other bytes of the same number.
std::string With(std::string file, const std::string& old, const std::string& other) {
  const size_t at = file.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return file.replace(at, other.size(), other);
}

std::string SaysSize(const std::string& file, uint32_t width, uint32_t height) {
  return With(file, "ispe", "ispe" + std::string(4, '\0') + BigEndian(width) + BigEndian(height));
}

TEST(ReadHeifFacts, APictureOfEitherCodecIsTaken) {
  for (const std::string* file : {&Hevc(), &Av1()}) {
    ASSERT_OK_AND_ASSIGN(const HeifFacts facts, HeifFactsOf(*file));
    EXPECT_EQ(facts.bits, 8);
    EXPECT_FALSE(facts.alpha);
  }
}

TEST(ReadHeifFacts, APictureThatIsLargerInsideThanOutsideIsRefused) {
  for (const std::string* file : {&Hevc(), &Av1()}) {
    // A decoder goes by what is inside, however much that is.
    EXPECT_THAT(HeifFactsOf(SaysSize(*file, 40, 16)), Succeeds()) << "within a block";
    const std::string large = file == &Hevc() ? Heif(VIPS_FOREIGN_HEIF_COMPRESSION_HEVC, 320, 240)
                                              : Heif(VIPS_FOREIGN_HEIF_COMPRESSION_AV1, 320, 240);
    EXPECT_THAT(HeifFactsOf(SaysSize(large, 16, 16)),
                RefusesNaming(Parts{"16×16 outside and 320×240 inside"}));
  }
}

TEST(ReadHeifFacts, LimitsCount) {
  EXPECT_THAT(HeifFactsOf(Hevc(), {.max_side = 50, .max_pixels = 100'000}),
              RefusesNaming(Parts{"size: got 96×64", "at most 50"}));
  EXPECT_THAT(HeifFactsOf(SaysSize(Av1(), 4'000'000'000, 4'000'000'000)),
              RefusesNaming(Parts{"size"}));
}

TEST(ReadHeifFacts, AnotherKindOfPictureIsRefusedByName) {
  EXPECT_THAT(HeifFactsOf(With(Hevc(), "hvc1", "jpeg")), RefusesNaming(Parts{"\"jpeg\"", "JPEG"}));
  EXPECT_THAT(HeifFactsOf(With(Hevc(), "hvc1", "iovl")), RefusesNaming(Parts{"\"iovl\""}));
}

TEST(ReadHeifFacts, ASequenceIsAnAnimation) {
  EXPECT_THAT(HeifFactsOf(Hevc() + Box("moov", "")), RefusesNaming(Parts{"animation"}));
}

TEST(ReadHeifFacts, WhatIsMissingIsDataLoss) {
  const auto lost = Fails(absl::StatusCode::kDataLoss, testing::_);
  for (const std::string* file : {&Hevc(), &Av1()}) {
    const auto meta = ReadHeifMeta(Bytes(*file));
    const ByteSpan pixels = meta->items.at(meta->primary).data.front();
    const auto end = static_cast<size_t>(&pixels.back() - Bytes(*file).data());
    for (size_t size = 0; size <= end; size += 7) {
      EXPECT_THAT(HeifFactsOf(file->substr(0, size)), lost) << size;
    }
    EXPECT_THAT(HeifFactsOf(With(*file, "ispe", "free")), lost);
  }
  EXPECT_THAT(HeifFactsOf(With(Hevc(), "hvcC", "free")), lost);
  // Readers would not agree which of two counts.
  const std::string meta = Hevc().substr(Hevc().find("pitm") - 4, 14);
  std::string twice = Hevc();
  const size_t at = twice.find("meta") - 4;
  const auto size = static_cast<uint32_t>(ByteReader(Bytes(twice).subspan(at)).Long());
  twice.insert(at + size, meta);
  twice.replace(at, 4, BigEndian(size + meta.size()));
  EXPECT_THAT(HeifFactsOf(twice), lost);
}

TEST(ReadHeifFacts, CodePointsAreThoseOfThePrimaryPicture) {
  // What libheif writes of itself, replaced.
  const size_t at = Av1().find("colrnclx");
  ASSERT_NE(at, std::string::npos);
  std::string file = Av1();
  file.replace(at + 8, 7, BigEndian(12, 2) + BigEndian(13, 2) + BigEndian(6, 2) + "\x80");
  ASSERT_OK_AND_ASSIGN(const HeifFacts facts, HeifFactsOf(file));
  EXPECT_EQ(facts.code_points,
            (CodePoints{.primaries = 12, .transfer = 13, .matrix = 6, .full_range = true}));
}

// A HEIF of a grid of `tiles` parts, each the one coded picture, for a canvas of a size.
std::string Grid(int rows, int columns, uint32_t width, uint32_t height, int parts) {
  const std::string zero(4, '\0');
  const auto meta = ReadHeifMeta(Bytes(Hevc()));
  const HeifItem& coded = meta->items.at(meta->primary);
  const std::string pixels(AsText(coded.data.front()));
  std::string properties;
  for (const char* type : {"ispe", "hvcC"}) {
    properties += Box(type, std::string(AsText(coded.Property(type)->body)));
  }
  properties += Box("ispe", zero + BigEndian(width) + BigEndian(height));
  const std::string grid = std::string(2, '\0') + static_cast<char>(rows - 1) +
                           static_cast<char>(columns - 1) + BigEndian(width, 2) +
                           BigEndian(height, 2);
  const auto entry = [&](int id, const char* type) {
    return Box("infe", std::string("\x02\0\0\0", 4) + BigEndian(id, 2) + BigEndian(0, 2) + type +
                           std::string(1, '\0'));
  };
  std::string dimg = BigEndian(1, 2) + BigEndian(parts, 2);
  for (int i = 0; i < parts; ++i) dimg += BigEndian(2, 2);
  const auto place = [&](int id, size_t offset, size_t size) {
    // In the idat box.
    return BigEndian(id, 2) + BigEndian(1, 2) + BigEndian(0, 2) + BigEndian(1, 2) +
           BigEndian(offset) + BigEndian(size);
  };
  const std::string associations =
      zero + BigEndian(2) + BigEndian(1, 2) + "\x01\x03" + BigEndian(2, 2) + "\x02\x01\x02";
  const std::string meta_body =
      zero + Box("hdlr", zero + zero + "pict" + std::string(13, '\0')) +
      Box("pitm", zero + BigEndian(1, 2)) +
      Box("iinf", zero + BigEndian(2, 2) + entry(1, "grid") + entry(2, "hvc1")) +
      Box("iref", zero + Box("dimg", dimg)) +
      Box("iprp", Box("ipco", properties) + Box("ipma", associations)) +
      Box("iloc", std::string("\x01\0\0\0\x44\0", 6) + BigEndian(2, 2) + place(1, 0, grid.size()) +
                      place(2, grid.size(), pixels.size())) +
      Box("idat", grid + pixels);
  return Box("ftyp", "heic" + zero + "mif1heic") + Box("meta", meta_body);
}

TEST(ReadHeifFacts, AGridHasAsManyTilesAsItsPictureNeeds) {
  EXPECT_THAT(HeifFactsOf(Grid(2, 2, 150, 100, 4)), Succeeds());
  ASSERT_OK_AND_ASSIGN(const DecodedPicture decoded, DecodePicture(Bytes(Grid(2, 2, 150, 100, 4))));
  EXPECT_EQ(decoded.full_size, (PictureSize{150, 100}));
  // Red and blue, twice beside each other.
  EXPECT_GT(decoded.image.Pixel(100, 90)[0], 240);
  EXPECT_GT(decoded.image.Pixel(80, 90)[2], 240);
  const auto lost = Fails(absl::StatusCode::kDataLoss, HasSubstr("tiles"));
  EXPECT_THAT(HeifFactsOf(Grid(2, 2, 150, 100, 3)), lost) << "one is missing";
  EXPECT_THAT(HeifFactsOf(Grid(4, 4, 150, 100, 16)), lost) << "more than cover it";
  EXPECT_THAT(HeifFactsOf(Grid(2, 2, 1500, 100, 4)), RefusesNaming(Parts{"size: got 1500×100"}));
}

TEST(CodedSize, IsReadFromTheBitstreams) {
  for (const std::string* file : {&Hevc(), &Av1()}) {
    const auto meta = ReadHeifMeta(Bytes(*file));
    ASSERT_TRUE(meta);
    const HeifItem& item = meta->items.at(meta->primary);
    if (const HeifBox* box = item.Property("hvcC")) {
      EXPECT_EQ(ReadHevcConfiguration(box->body)->largest, (CodedSize{96, 64}));
      EXPECT_FALSE(ReadHevcConfiguration(box->body.first(box->body.size() - 1)));
      EXPECT_TRUE(LargestHevcPicture(item.data.front(), 4));
      EXPECT_FALSE(LargestHevcPicture(item.data.front().subspan(1), 4));
    } else {
      EXPECT_EQ(LargestAv1Picture({}, item.data.front()), (CodedSize{96, 64}));
      EXPECT_FALSE(LargestAv1Picture({}, Bytes("\x0A\x05")));
    }
  }
}

}  // namespace
}  // namespace imprint
