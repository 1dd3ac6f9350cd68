#include "formats/embedding_layout.h"

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TEST(EmbeddingLayout, NamesComeBack) {
  for (const std::string& name : EmbeddingLayoutNames()) {
    ASSERT_OK_AND_ASSIGN(const EmbeddingLayout layout, ParseEmbeddingLayout("layout", name));
    EXPECT_EQ(Name(layout), name);
  }
  EXPECT_THAT(ParseEmbeddingLayout("layout", "comfy"),
              RefusesNaming(Parts{"layout", "comfy", "diffusers, kohya, invokeai"}));
}

TEST(EmbeddingLayout, KeysAreInTheFormThatTransformersLooksFor) {
  EXPECT_EQ(EmbeddingKey("<Rex>"), "<rex>");
  EXPECT_EQ(EmbeddingKey("<ROSE\u0301>"), "<ros\u00e9>");
}

TEST(EmbeddingLayout, FilesAreCalledByTheWordWhereItIsTheirs) {
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kDiffusers, "<a/b>"),
              SucceedsWith("learned_embeds.safetensors"));
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kInvokeAi, "<rex-2>"),
              SucceedsWith("rex-2.safetensors"));
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kKohya, "rex"), SucceedsWith("rex.safetensors"));
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kKohya, "<Dot>"), SucceedsWith("dot.safetensors"));
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kInvokeAi, "<Dot>"),
              SucceedsWith("dot.safetensors"));
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kKohya, "<>"), SucceedsWith("<>.safetensors"));
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kKohya, "<a/b>"),
              RefusesNaming(Parts{"token", "<a/b>", "kohya"}));
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kKohya, "<..>"), RefusesNaming(Parts{"token"}));
  EXPECT_THAT(EmbeddingFileName(EmbeddingLayout::kInvokeAi, "<ros\u00e9>"),
              RefusesNaming(Parts{"token", "ros\u00e9", "InvokeAI", "letters"}));
  EXPECT_THAT(CheckEmbeddingFileStem(EmbeddingLayout::kInvokeAi, "out", "a+b"),
              RefusesNaming(Parts{"out", "a+b"}));
  EXPECT_THAT(CheckEmbeddingFileStem(EmbeddingLayout::kKohya, "out", "a+b"), Succeeds());
}

}  // namespace
}  // namespace imprint
