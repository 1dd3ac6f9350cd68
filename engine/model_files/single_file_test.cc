#include "engine/model_files/single_file.h"

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

constexpr const char* kFirst = "model.diffusion_model.input_blocks.0.0.weight";
constexpr const char* kSd1Text = "cond_stage_model.transformer.text_model.final_layer_norm.weight";
constexpr const char* kSd2Text = "cond_stage_model.model.ln_final.weight";
constexpr const char* kVae = "first_stage_model.quant_conv.bias";
constexpr const char* kProjection = "model.diffusion_model.middle_block.1.proj_in.weight";

// tests/parity has whole models; here a file needs only what tells its kind.
class SingleFileTest : public ::testing::Test {
 protected:
  void Add(const std::string& name, const std::vector<int64_t>& shape = {1}) {
    size_t count = 1;
    for (const int64_t extent : shape) count *= static_cast<size_t>(extent);
    tensors_[name] = {DType::kF32, shape, std::span(bytes_).first(count * sizeof(float))};
  }

  // Of a checkpoint of the family that has this text encoder.
  void AddCheckpoint(const char* text, int64_t channels = 4) {
    Add(kFirst, {1, channels, 1, 1});
    Add(text);
    Add(kVae);
  }

  bool PredictsVelocity() const { return SingleFile::Open(Save())->predicts_velocity(); }

  std::filesystem::path Save() const {
    return scratch_.Write("some model.safetensors", SerializeSafetensors(tensors_, metadata_));
  }

  ScratchFolder scratch_;
  std::vector<std::byte> bytes_ = std::vector<std::byte>(4096);
  TensorViews tensors_;
  TensorMetadata metadata_;
};

TEST_F(SingleFileTest, TextEncodersTellTheFamilies) {
  AddCheckpoint(kSd1Text);
  ASSERT_OK_AND_ASSIGN(const SingleFile sd1, SingleFile::Open(Save()));
  EXPECT_EQ(sd1.family(), OriginalFamily::kSd1);
  EXPECT_FALSE(sd1.predicts_velocity());
  EXPECT_EQ(sd1.LoadTokenizer()->Encode("cat", {}).ids.back(), 49407);
  EXPECT_TRUE(sd1.Has("unet"));
  EXPECT_FALSE(sd1.Has("safety_checker"));
  EXPECT_TRUE(sd1.Weights("text_encoder")->tensors.contains("final_layer_norm.weight"));

  tensors_.clear();
  AddCheckpoint(kSd2Text);
  ASSERT_OK_AND_ASSIGN(const SingleFile sd2, SingleFile::Open(Save()));
  EXPECT_EQ(sd2.family(), OriginalFamily::kSd2);
  EXPECT_TRUE(sd2.predicts_velocity());
  EXPECT_EQ(sd2.LoadTokenizer()->Encode("cat", {}).ids.back(), 0);
  EXPECT_EQ(*sd2.SchedulerConfig()->Get<std::string>("prediction_type"), "v_prediction");
}

TEST_F(SingleFileTest, PublishedModelsOfSd2SayTheirSteps) {
  AddCheckpoint(kSd2Text);
  int64_t step = 0;
  tensors_["global_step"] = {DType::kI64, {}, std::as_bytes(std::span(&step, 1))};
  for (const auto& [published, velocity] :
       std::vector<std::pair<int64_t, bool>>{{875'000, false}, {220'000, false}, {110'000, true}}) {
    step = published;
    ASSERT_OK_AND_ASSIGN(const SingleFile file, SingleFile::Open(Save()));
    EXPECT_EQ(file.predicts_velocity(), velocity) << published;
    EXPECT_FALSE(file.GuessesPrediction());
  }
  step = 7;
  EXPECT_TRUE(SingleFile::Open(Save())->GuessesPrediction());
}

TEST_F(SingleFileTest, WhatTheFileSaysOfItsPredictionCounts) {
  AddCheckpoint(kSd2Text);
  metadata_ = {{"modelspec.prediction_type", "epsilon"}};
  EXPECT_EQ(SingleFile::Open(Save())->evidence(), PredictionEvidence::kMetadata);
  EXPECT_FALSE(PredictsVelocity());
  metadata_ = {{"modelspec.prediction_type", "v"}};
  EXPECT_TRUE(PredictsVelocity());
  tensors_.clear();
  metadata_.clear();
  AddCheckpoint(kSd1Text);
  EXPECT_FALSE(PredictsVelocity());
  EXPECT_FALSE(SingleFile::Open(Save())->GuessesPrediction()) << "SD 1.x predicts noise";
  Add("v_pred", {});
  EXPECT_TRUE(PredictsVelocity());
  EXPECT_FALSE(SingleFile::Open(Save(), {.predicts_velocity = false})->predicts_velocity());
}

TEST_F(SingleFileTest, OfSd2WithoutAWordTheWeightsAreLookedAt) {
  AddCheckpoint(kSd2Text);
  std::vector<float> bias = {0.3F, -0.3F, 0.3F, -0.3F};
  tensors_["model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"] = {
      DType::kF32, {4}, std::as_bytes(std::span(bias))};
  EXPECT_TRUE(PredictsVelocity());
  bias = {0.32F, 0.28F, 0.31F, 0.29F};
  ASSERT_OK_AND_ASSIGN(const SingleFile noise, SingleFile::Open(Save()));
  EXPECT_FALSE(noise.predicts_velocity());
  EXPECT_TRUE(noise.GuessesPrediction());
}

TEST_F(SingleFileTest, TransformersNamesAreOfTheFamilyOfTheWidth) {
  constexpr const char* kTable = "cond_stage_model.transformer.embeddings.token_embedding.weight";
  const auto family = [&](int64_t width, const std::vector<int64_t>& projection) {
    tensors_.clear();
    AddCheckpoint(kSd1Text);
    Add(kTable, {1, width});
    Add(kProjection, projection);
    return SingleFile::Open(Save())->family();
  };
  EXPECT_EQ(family(768, {2, 2, 1, 1}), OriginalFamily::kSd1);
  EXPECT_EQ(family(1024, {2, 2}), OriginalFamily::kSd2);
  // Of small models, what is around the attention tells.
  EXPECT_EQ(family(64, {2, 2, 1, 1}), OriginalFamily::kSd1);
  EXPECT_EQ(family(64, {2, 2}), OriginalFamily::kSd2);
}

TEST_F(SingleFileTest, WhatElseAWholeCheckpointHoldsIsPassedOver) {
  AddCheckpoint(kSd1Text);
  for (const char* name :
       {"embedding_manager.string_to_param_dict.*", "emb_params", "lora_unet_x.lora_up.weight",
        "text_model.x", "model_ema.decay", "cond_stage_model.logit_scale",
        "cond_stage_model.transformer.text_projection.weight"}) {
    Add(name);
  }
  ASSERT_OK_AND_ASSIGN(const SingleFile file, SingleFile::Open(Save()));
  EXPECT_THAT(
      file.PassedOver(),
      ::testing::ElementsAre("cond_stage_model.logit_scale", "emb_params",
                             "embedding_manager.string_to_param_dict.*",
                             "lora_unet_x.lora_up.weight", "model_ema.decay", "text_model.x"));
  EXPECT_THAT(file.Weights("text_encoder")->passed_over,
              ::testing::ElementsAre("cond_stage_model.transformer.text_projection.weight"));
}

TEST_F(SingleFileTest, AnAutoencoderMayLieBeside) {
  Add(kFirst, {1, 4, 1, 1});
  Add(kSd1Text);
  EXPECT_THAT(SingleFile::Open(Save()),
              RefusesNaming(Parts{"some model.safetensors", "without a VAE", "vae/"}));
  scratch_.Write("vae/config.json", R"({"latent_channels": 4})");
  ASSERT_OK_AND_ASSIGN(const SingleFile file, SingleFile::Open(Save()));
  EXPECT_TRUE(file.Has("vae"));
  EXPECT_EQ(*file.Config("vae")->Get<int64_t>("latent_channels"), 4);
}

TEST_F(SingleFileTest, YamlBesideTheFileOverridesThePrediction) {
  AddCheckpoint(kSd1Text);
  const auto path = Save();
  scratch_.Write("some model.yaml", "model:\n  params:\n    parameterization: \"v\"\n");
  EXPECT_TRUE(SingleFile::Open(path)->predicts_velocity());
  scratch_.Write("some model.yaml", "model:\n  params:\n    channels: 4\n");
  EXPECT_FALSE(SingleFile::Open(path)->predicts_velocity());
  scratch_.Write("some model.yaml", "nothing: of use\n");
  EXPECT_THAT(SingleFile::Open(path), RefusesNaming(Parts{"some model.yaml: model.params"}));
  scratch_.Write("some model.yaml", "model:\n  params:\n    parameterization: w\n");
  EXPECT_THAT(SingleFile::Open(path), RefusesNaming(Parts{"some model.yaml", "\"w\"", "\"v\""}));
  scratch_.Write("some model.yaml", "model: [");
  EXPECT_THAT(SingleFile::Open(path), RefusesNaming(Parts{"some model.yaml"}));
}

TEST_F(SingleFileTest, TheYamlOfSd2sBaseModelMeansNoiseWithoutSayingSo) {
  AddCheckpoint(kSd2Text);
  const auto path = Save();
  EXPECT_TRUE(SingleFile::Open(path)->predicts_velocity());
  scratch_.Write("some model.yaml", "model:\n  params:\n    channels: 4\n");
  EXPECT_FALSE(SingleFile::Open(path)->predicts_velocity());
}

TEST_F(SingleFileTest, AHeaderWhoseLengthBeginsLikeAPickleIsNone) {
  AddCheckpoint(kSd1Text);
  std::string file = SerializeSafetensors(tensors_, {});
  uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof(length));
  // Spaces at the header's end are allowed, and usual.
  const uint64_t padding = (0x80 + 256 - length % 256) % 256;
  file.insert(8 + length, std::string(padding, ' '));
  length += padding;
  std::memcpy(file.data(), &length, sizeof(length));
  ASSERT_EQ(file[0], '\x80');
  EXPECT_THAT(SingleFile::Open(scratch_.Write("m.safetensors", file)), Succeeds());
}

TEST_F(SingleFileTest, WhatLiesBesideTheFileIsUsed) {
  AddCheckpoint(kSd1Text);
  const auto path = Save();
  scratch_.Write("tokenizer/vocab.json", "{}");
  scratch_.Write("safety_checker/config.json", "{}");
  ASSERT_OK_AND_ASSIGN(const SingleFile file, SingleFile::Open(path));
  EXPECT_TRUE(file.Has("safety_checker"));
  EXPECT_THAT(file.LoadTokenizer(), RefusesNaming(Parts{"tokenizer/vocab.json"}));
  EXPECT_THAT(file.Weights("safety_checker"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("safety_checker: no weights")));
  scratch_.Write("safety_checker/pytorch_model.bin", "PK");
  EXPECT_THAT(file.Weights("safety_checker"), RefusesNaming(Parts{"pickled"}));
}

TEST_F(SingleFileTest, OtherModelsAreRefusedByName) {
  for (const auto& [tensor, kind] : std::vector<std::pair<std::string, std::string>>{
           {"lora_unet_down_blocks_0.lora_down.weight", "LoRA"},
           {"unet.down_blocks.1.attn1.to_k.lora_A.weight", "LoRA"},
           {"conditioner.embedders.1.model.ln_final.weight", "XL"},
           {"model.diffusion_model.joint_blocks.0.x", "Stable Diffusion 3"},
           {"double_blocks.0.img_attn.qkv.weight", "Flux"},
           {"control_model.input_blocks.0.0.weight", "ControlNet"},
           {"emb_params", "embedding"},
           {"embedding_manager.string_to_param_dict.*", "embedding"},
           {"down_blocks.0.motion_modules.0.norm.weight", "AnimateDiff"},
           {kVae, "autoencoder"},
           {kSd1Text, "text encoder"},
           {"model.diffusion_model.label_emb.0.0.weight", "unCLIP"},
           {"model.diffusion_model.position_net.linears.0.bias", "GLIGEN"},
           {"down_blocks.0.resnets.0.norm1.weight", "folder"},
           {"encoder.down.0.block.0.norm1.weight", "autoencoder"},
           {"something.else", kFirst}}) {
    tensors_.clear();
    Add(tensor);
    EXPECT_THAT(SingleFile::Open(Save()),
                RefusesNaming(Parts{"some model.safetensors", kind, "Stable Diffusion 1.x or 2.x"}))
        << tensor;
  }
}

TEST_F(SingleFileTest, OtherInputsAreRefusedByName) {
  for (const auto& [channels, kind] : std::vector<std::pair<int64_t, std::string>>{
           {9, "inpainting"}, {8, "InstructPix2Pix"}, {7, "upscaling"}, {5, "depth"}}) {
    tensors_.clear();
    AddCheckpoint(kSd1Text, channels);
    EXPECT_THAT(SingleFile::Open(Save()), RefusesNaming(Parts{kind}));
  }
  tensors_.clear();
  Add(kFirst, {1, 4, 1, 1});
  EXPECT_THAT(SingleFile::Open(Save()), RefusesNaming(Parts{"without a text encoder"}));
  AddCheckpoint(kSd1Text);
  Add("model.diffusion_model.out.2.scale_weight", {});
  EXPECT_THAT(SingleFile::Open(Save()), RefusesNaming(Parts{"scaled fp8", "scale_weight"}));
}

TEST_F(SingleFileTest, OtherFormatsAreRefusedByName) {
  for (const auto& [begin, kind] : std::vector<std::pair<std::string, std::string>>{
           {std::string("PK\x03\x04 and more", 13), "pickled"},
           {std::string("\x80\x02}q", 4), "pickled"},
           {"GGUF\x03", "GGUF"}}) {
    EXPECT_THAT(SingleFile::Open(scratch_.Write("m.ckpt", begin)), RefusesNaming(Parts{kind}));
  }
  EXPECT_THAT(SingleFile::Open(scratch_.Write("m.safetensors", "")),
              RefusesNaming(Parts{"m.safetensors"}));
}

}  // namespace
}  // namespace imprint::engine
