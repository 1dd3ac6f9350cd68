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

TEST(ManifestEntry, ASecondPassIsThereOnlyWhereThereWasOne) {
  PictureRequest request = {.prompt = "a", .seed = 7, .steps = 3};
  nlohmann::json json = ManifestEntry(request, {64, 64});
  EXPECT_EQ(json["prompt"], "a");
  EXPECT_EQ(json["seed"], 7);
  EXPECT_EQ(json["steps"], 3);
  EXPECT_EQ(json["solver"], "ddim");
  EXPECT_FALSE(json.contains("upscale"));
  EXPECT_FALSE(json.contains("strength"));
  request.upscale = 2;
  json = ManifestEntry(request, {128, 128});
  EXPECT_EQ(json["upscale"].dump(), R"({"factor":2.0,"height":128,"strength":0.35,"width":128})");
  EXPECT_FALSE(json.contains("upscale_strength"));
}

}  // namespace
}  // namespace imprint
