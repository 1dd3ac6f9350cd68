#include "base/png/text_chunk.h"

#include <gtest/gtest.h>

#include "base/png/deflate_for_tests.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;
using namespace std::string_literals;  // NOLINT: for texts with zeros

absl::StatusOr<std::string> Text(const std::string& type, const std::string& body,
                                 size_t limit = 100) {
  const auto chunk = ReadTextChunk(type, body);
  if (!chunk) return absl::NotFoundError("none");
  EXPECT_EQ(chunk->keyword, "key");
  return TextOf(*chunk, limit);
}

TEST(TextChunk, EveryKindIsRead) {
  EXPECT_THAT(Text("tEXt", "key\0hello"s), SucceedsWith("hello"));
  EXPECT_THAT(Text("zTXt", "key\0\0"s + Deflated("hello")), SucceedsWith("hello"));
  EXPECT_THAT(Text("iTXt", "key\0\0\0en\0Wort\0hello"s), SucceedsWith("hello"));
  EXPECT_THAT(Text("iTXt", "key\0\1\0\0\0"s + Deflated("hello")), SucceedsWith("hello"));
}

TEST(TextChunk, WhatIsNoneIsNotRead) {
  EXPECT_FALSE(ReadTextChunk("IDAT", "key\0hello"s));
  EXPECT_FALSE(ReadTextChunk("tEXt", "key"));
}

TEST(TextChunk, DamageAndTooMuchAreNamed) {
  EXPECT_THAT(Text("zTXt", "key\0"s), RefusesNaming(Parts{"text \"key\"", "early end"}));
  EXPECT_THAT(Text("zTXt", "key\0\1"s + Deflated("x")), RefusesNaming(Parts{"method", "got 1"}));
  EXPECT_THAT(Text("zTXt", "key\0\0no stream"s), RefusesNaming(Parts{"text \"key\""}));
  EXPECT_THAT(Text("iTXt", "key\0\0\0en"s), RefusesNaming(Parts{"early end"}));
  EXPECT_THAT(Text("tEXt", "key\0"s + std::string(101, 'x')), RefusesNaming(Parts{"101 bytes"}));
  EXPECT_THAT(Text("zTXt", "key\0\0"s + Deflated(std::string(101, 'x'))),
              RefusesNaming(Parts{"more than 100 bytes"}));
}

}  // namespace
}  // namespace imprint
