#include "formats/embedding_files/webui_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Parts = std::vector<std::string>;

TEST(WebUiJson, IsThePtFilesDict) {
  ASSERT_OK_AND_ASSIGN(
      const LearnedEmbedding embedding,
      ParseWebUiJson(R"({"string_to_token": {"*": 265}, "name": "turner", "step": 499,
                         "string_to_param": {"*": {"TORCHTENSOR": [[1, 2.5], [-3e-1, 4]]}},
                         "sd_checkpoint": "cc6cb27103", "sd_checkpoint_name": null})",
                     ""));
  EXPECT_EQ(embedding.token, "turner");
  EXPECT_EQ(embedding.vectors, 2);
  EXPECT_THAT(embedding.values, ElementsAre(1, 2.5, -0.3F, 4));
  EXPECT_THAT(embedding.provenance,
              UnorderedElementsAre(Pair("a1111.name", "turner"), Pair("a1111.step", "499"),
                                   Pair("a1111.sd_checkpoint", "cc6cb27103")));
  ASSERT_OK_AND_ASSIGN(
      const LearnedEmbedding one,
      ParseWebUiJson(R"({"string_to_param": {"*": {"TORCHTENSOR": [1, 2, 3]}}})", ""));
  EXPECT_EQ(one.vectors, 1);
  EXPECT_EQ(one.width, 3);
  EXPECT_EQ(one.token, "");
}

TEST(WebUiJson, WhatIsNoEmbeddingIsSaidSo) {
  for (const auto& [json, parts] : std::vector<std::pair<std::string, Parts>>{
           {"[1]", {"sd-ti-embedding"}},
           {"{}", {"string_to_param is missing"}},
           {R"({"clip_l": 1, "clip_g": 2})", {"an SDXL embedding"}},
           {R"({"string_to_param": {}})", {"string_to_param", "tensors: got none"}},
           {R"({"string_to_param": {"*": 1}})", {"string_to_param: *", "an object"}},
           {R"({"string_to_param": {"*": {"TORCHTENSOR": "x"}}})", {"TORCHTENSOR"}},
           {R"({"string_to_param": {"*": {"TORCHTENSOR": [[1], [1, 2]]}}})", {"rows of 1 and 2"}},
           {R"({"string_to_param": {"*": {"TORCHTENSOR": []}}})", {"shape"}},
           {R"({"string_to_param": {"*": {"TORCHTENSOR": [[1e300]]}}})", {"inf", "finite"}}}) {
    EXPECT_THAT(ParseWebUiJson(json, ""), RefusesNaming(parts)) << json;
  }
}

}  // namespace
}  // namespace imprint
