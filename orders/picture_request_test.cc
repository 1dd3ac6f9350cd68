#include "orders/picture_request.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

TEST(PictureRequest, TheDefaultsMakeSense) {
  EXPECT_THAT(CheckFields(kPictureFields, {}), Succeeds());
}

TEST(PictureRequest, StylesAreCalledAsThePromptParserCallsThem) {
  for (const PromptStyle style : {PromptStyle::kEmphasis, PromptStyle::kLiteral}) {
    EXPECT_EQ(ToJson(kPictureFields, PictureRequest{.prompt_style = style})["prompt_style"],
              std::string(Name(style)));
  }
}

}  // namespace
}  // namespace imprint
