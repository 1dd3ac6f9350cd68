#include "formats/embedding_files/png_text.h"

#include <gtest/gtest.h>

#include "base/png/deflate_for_tests.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;
using namespace std::string_literals;  // NOLINT: for texts with zeros

std::string Chunk(const std::string& type, const std::string& content) {
  std::string chunk;
  for (const int shift : {24, 16, 8, 0}) {
    chunk += static_cast<char>(content.size() >> shift & 0xFF);
  }
  return chunk + type + content + "crc?";
}

std::string Png(const std::string& chunks) {
  return "\x89PNG\r\n\x1a\n" + Chunk("IHDR", std::string(13, '\0')) + chunks + Chunk("IEND", "");
}

absl::StatusOr<std::optional<std::string>> Text(const std::string& png, size_t limit = 100) {
  return TextOfPng(std::as_bytes(std::span(png.data(), png.size())), "key", limit);
}

TEST(PngText, IsFoundInEveryKindOfChunk) {
  for (const std::string& chunk :
       {Chunk("tEXt", "key\0hello"s), Chunk("zTXt", "key\0\0"s + Deflated("hello")),
        Chunk("iTXt", "key\0\0\0en\0Wort\0hello"s),
        Chunk("iTXt", "key\0\1\0\0\0"s + Deflated("hello"))}) {
    EXPECT_EQ(Text(Png(chunk))->value_or("none"), "hello");
    EXPECT_EQ(
        Text(Png(Chunk("tEXt", "other\0no"s) + Chunk("IDAT", "pixels") + chunk))->value_or(""),
        "hello");
  }
}

TEST(PngText, MayBeMissing) {
  for (const std::string& file :
       {Png(""), Png(Chunk("tEXt", "other\0hello"s)), Png(Chunk("tEXt", "key")),
        Png(Chunk("tEXt", "key\0hello"s)).substr(0, 50), "\x89PNG\r\n\x1a\n"s, "no png"s, ""s}) {
    const auto text = Text(file);
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_FALSE(text->has_value());
  }
}

TEST(PngText, DamageAndTooMuchAreNamed) {
  EXPECT_THAT(Text(Png(Chunk("zTXt", "key\0\0no stream"s))), RefusesNaming(Parts{"text \"key\""}));
  EXPECT_THAT(Text(Png(Chunk("zTXt", "key\0"s))),
              RefusesNaming(Parts{"text \"key\"", "early end"}));
  EXPECT_THAT(Text(Png(Chunk("iTXt", "key\0\0\0en"s))), RefusesNaming(Parts{"an early end"}));
  EXPECT_THAT(Text(Png(Chunk("tEXt", "key\0"s + std::string(101, 'x')))),
              RefusesNaming(Parts{"101 bytes", "at most 100"}));
  EXPECT_THAT(Text(Png(Chunk("zTXt", "key\0\0"s + Deflated(std::string(101, 'x'))))),
              RefusesNaming(Parts{"more than 100 bytes"}));
}

}  // namespace
}  // namespace imprint
