#include "engine/checkpoint/tensor_names.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(TensorNames, OldNamesBecomeTodays) {
  EXPECT_EQ(CanonicalTensorName("text_encoder", "text_model.encoder.x"), "encoder.x");
  EXPECT_EQ(CanonicalTensorName("vae", "decoder.mid_block.attentions.0.proj_attn.bias"),
            "decoder.mid_block.attentions.0.to_out.0.bias");
  EXPECT_EQ(CanonicalTensorName("unet", "text_model.x"), "text_model.x") << "another component";
}

TEST(TensorNames, RebuiltTablesHaveNone) {
  EXPECT_EQ(CanonicalTensorName("text_encoder", "text_model.embeddings.position_ids"),
            std::nullopt);
}

}  // namespace
}  // namespace imprint
