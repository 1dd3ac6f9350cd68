#include "cli/imprint/commands/saved_embedding.h"

#include <sstream>

#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "formats/learned_embedding.h"

namespace imprint::cli {
namespace {

using Parts = std::vector<std::string>;

std::string File(const std::string& out, EmbeddingLayout layout) {
  const auto file = EmbeddingFile(out, layout, "<rex>");
  return file.ok() ? file->string() : std::string(file.status().message());
}

TEST(SavedEmbedding, LiesWhereOutAndTheLayoutSay) {
  EXPECT_EQ(File("a", EmbeddingLayout::kDiffusers), "a/learned_embeds.safetensors");
  EXPECT_EQ(File("a", EmbeddingLayout::kInvokeAi), "a/rex.safetensors");
  EXPECT_EQ(File("a/b.safetensors", EmbeddingLayout::kKohya), "a/b.safetensors");
  EXPECT_EQ(File("a/b+.safetensors", EmbeddingLayout::kKohya), "a/b+.safetensors");
  EXPECT_THAT(EmbeddingFile("a/b+.safetensors", EmbeddingLayout::kInvokeAi, "<rex>"),
              RefusesNaming(Parts{"out", "b+", "InvokeAI"}));
}

TEST(SavedEmbedding, IsTheSameBytesInTheRegistrysOwnLayout) {
  const std::string kept = SerializeLearnedEmbedding({"<Rex>", 1, 2, {1, 2}, {{"a", "b"}}});
  EXPECT_THAT(InLayout(kept, "x", EmbeddingLayout::kDiffusers), SucceedsWith(kept));
  const auto other = InLayout(kept, "x", EmbeddingLayout::kInvokeAi);
  ASSERT_TRUE(other.ok());
  EXPECT_NE(other->find("\"emb_params\""), std::string::npos);
}

TEST(SavedEmbedding, WhatTheNameDecidesIsSaid) {
  std::ostringstream out;
  std::ostringstream err;
  Console console(/*json=*/false, out, err);
  TellWord("a/learned_embeds.safetensors", EmbeddingLayout::kDiffusers, console);
  EXPECT_EQ(out.str(), "");
  TellWord("a/rex.safetensors", EmbeddingLayout::kInvokeAi, console);
  EXPECT_NE(out.str().find("<rex> in InvokeAI"), std::string::npos);
}

}  // namespace
}  // namespace imprint::cli
