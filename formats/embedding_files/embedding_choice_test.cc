#include "formats/embedding_files/embedding_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TEST(EmbeddingChoice, TheOnlyTensorIsTheEmbeddingWhateverItIsCalled) {
  EXPECT_THAT(ChooseEmbedding({"<a>"}, ""), SucceedsWith("<a>"));
  EXPECT_THAT(ChooseEmbedding({"<a>"}, "<b>"), SucceedsWith("<a>"));
}

TEST(EmbeddingChoice, AmongSeveralTheTokenChooses) {
  EXPECT_THAT(ChooseEmbedding({"<a>", "<b>"}, "<b>"), SucceedsWith("<b>"));
  EXPECT_THAT(ChooseEmbedding({"<a>", "<b>"}, ""),
              RefusesNaming(Parts{"tensors: got \"<a>\", \"<b>\"", "as the token"}));
  EXPECT_THAT(ChooseEmbedding({"<a>", "<a>"}, "<a>"), RefusesNaming(Parts{"\"<a>\", \"<a>\""}));
  EXPECT_THAT(ChooseEmbedding({}, ""), RefusesNaming(Parts{"tensors: got none"}));
  EXPECT_THAT(ChooseEmbedding(Parts(1000, "<long name>"), ""), RefusesNaming(Parts{"…"}));
}

TEST(EmbeddingChoice, OtherKindsOfFilesAreNamed) {
  EXPECT_THAT(RefuseForeignFile({"clip_l", "clip_g"}),
              RefusesNaming(Parts{"file: got an SDXL embedding", "\"clip_l\"",
                                  "Stable Diffusion 1.x or 2.x"}));
  for (const char* key :
       {"lora_unet_down_blocks_0.alpha", "lora_te_text_model.lora_up.weight",
        "unet.down.0.to_q.lora_A.weight", "text.q_proj_lora.down.weight", "a.lora.up.weight"}) {
    EXPECT_THAT(RefuseForeignFile({key}), RefusesNaming(Parts{"a LoRA", key}));
  }
  EXPECT_THAT(RefuseForeignFile({"hash", "optimizer_state_dict"}),
              RefusesNaming(Parts{"optimizer state"}));
  EXPECT_THAT(RefuseForeignFile({"step", "320", "640"}), RefusesNaming(Parts{"a hypernetwork"}));
  EXPECT_THAT(RefuseForeignFile({"model.diffusion_model.out.0.weight"}),
              RefusesNaming(Parts{"a whole model"}));
  EXPECT_THAT(RefuseForeignFile({"<lora>", "lorax", "emb_params"}), Succeeds());
}

}  // namespace
}  // namespace imprint
