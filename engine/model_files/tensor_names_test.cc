#include "engine/model_files/tensor_names.h"

#include <gtest/gtest.h>

namespace imprint::engine {
namespace {

TEST(TensorNames, OldNamesBecomeTodays) {
  EXPECT_EQ(CanonicalTensorName("text_encoder", "text_model.encoder.layers.x"), "encoder.layers.x");
  EXPECT_EQ(CanonicalTensorName("vae", "decoder.mid_block.attentions.0.proj_attn.bias"),
            "decoder.mid_block.attentions.0.to_out.0.bias");
  EXPECT_EQ(CanonicalTensorName("unet", "conv_in.query."), "conv_in.query.") << "another component";
}

TEST(TensorNames, WhatHasNoPlaceInTheNetworkHasNone) {
  EXPECT_EQ(CanonicalTensorName("text_encoder", "text_model.embeddings.position_ids"),
            std::nullopt);
  EXPECT_EQ(CanonicalTensorName("text_encoder", "text_projection.weight"), std::nullopt);
  EXPECT_EQ(CanonicalTensorName("text_encoder", "logit_scale"), std::nullopt);
  EXPECT_EQ(CanonicalTensorName("unet", "text_model.encoder.layers.0.x"), std::nullopt);
  EXPECT_EQ(CanonicalTensorName("vae", "loss.discriminator.main.0.weight"), std::nullopt);
}

}  // namespace
}  // namespace imprint::engine
