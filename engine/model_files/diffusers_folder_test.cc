#include "engine/model_files/diffusers_folder.h"

#include <span>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "formats/safetensors.h"

namespace imprint::engine {
namespace {

using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

constexpr const char* kIndex =
    R"({"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"],
        "safety_checker": [null, null]})";

TEST(DiffusersFolder, FindsComponents) {
  const ScratchFolder scratch;
  scratch.Write("model_index.json", kIndex);
  scratch.Write("unet/config.json", R"({"sample_size": 64})");
  scratch.Write("unet/diffusion_pytorch_model.safetensors", "");
  scratch.Write("safety_checker/config.json", "{}");
  ASSERT_OK_AND_ASSIGN(const DiffusersFolder folder, DiffusersFolder::Open(scratch.path()));
  EXPECT_TRUE(folder.Has("unet"));
  EXPECT_FALSE(folder.Has("safety_checker")) << "the index says that there is none";
  EXPECT_FALSE(folder.Has("vae"));
  EXPECT_EQ(*folder.Config("unet")->Get<int64_t>("sample_size"), 64);
  EXPECT_EQ(folder.WeightsPaths("unet")->at(0).filename(), "diffusion_pytorch_model.safetensors");
}

TEST(DiffusersFolder, MissingFilesAreNamed) {
  const ScratchFolder scratch;
  EXPECT_THAT(DiffusersFolder::Open(scratch.path() / "none"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("none")));
  EXPECT_THAT(DiffusersFolder::Open(scratch.path()),
              Fails(absl::StatusCode::kNotFound, HasSubstr("model_index.json")));
  scratch.Write("model_index.json", kIndex);
  ASSERT_OK_AND_ASSIGN(const DiffusersFolder folder, DiffusersFolder::Open(scratch.path()));
  EXPECT_THAT(folder.Config("vae"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("vae/config.json")));
  EXPECT_THAT(folder.WeightsPaths("vae"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("model.safetensors")));
  EXPECT_THAT(folder.SchedulerConfig(),
              Fails(absl::StatusCode::kNotFound, HasSubstr("scheduler_config.json")));
}

// An index of that class with the parts of Stable Diffusion 1.x and `more`.
std::string Index(const std::string& pipeline, const std::string& more = "") {
  return absl::StrCat(R"({"_class_name": )", pipeline, R"(, "_diffusers_version": "0.42.1",
      "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
      "text_encoder": ["transformers", "CLIPTextModel"], "safety_checker": [null, null],
      "tokenizer": ["transformers", "CLIPTokenizer"], "image_encoder": [null, null],
      "scheduler": ["diffusers", "PNDMScheduler"])",
                      more, "}");
}

TEST(DiffusersFolder, PartsDecideNotThePipelinesName) {
  const ScratchFolder scratch;
  for (const char* pipeline :
       {"\"StableDiffusionImg2ImgPipeline\"", "\"StableDiffusionPanoramaPipeline\"",
        "[\"my_pipeline\", \"MyPipeline\"]"}) {
    scratch.Write("model_index.json", Index(pipeline));
    EXPECT_THAT(DiffusersFolder::Open(scratch.path()), Succeeds()) << pipeline;
  }
}

TEST(DiffusersFolder, OtherPartsArePassedOver) {
  const ScratchFolder scratch;
  scratch.Write("model_index.json",
                Index("\"MyPipeline\"", R"(, "translator": ["transformers", "MarianMTModel"])"));
  scratch.Write("translator/config.json", "{}");
  EXPECT_THAT(DiffusersFolder::Open(scratch.path())->PassedOver(),
              ::testing::ElementsAre("translator/ (MarianMTModel)"));
}

TEST(DiffusersFolder, OtherPipelinesAreRefusedByName) {
  const ScratchFolder scratch;
  const auto text = [](const char* entry) {
    return Index("\"APipeline\"", absl::StrCat(", ", entry));
  };
  for (const auto& [index, parts] : std::vector<std::pair<std::string, Parts>>{
           {R"({"_class_name": "StableDiffusionXLPipeline"})", {"StableDiffusionXLPipeline"}},
           {text(R"("text_encoder_2": ["transformers", "CLIPTextModelWithProjection"])"),
            {"APipeline", "text_encoder_2"}},
           {text(R"("transformer": ["diffusers", "SD3Transformer2DModel"])"), {"transformer"}},
           {text(R"("controlnet": ["diffusers", "ControlNetModel"])"), {"controlnet"}},
           {absl::StrReplaceAll(Index("\"StableDiffusionPipeline\""),
                                {{"AutoencoderKL", "AutoencoderTiny"}}),
            {"StableDiffusionPipeline", "vae \"AutoencoderTiny\""}},
           {absl::StrReplaceAll(Index("\"AltDiffusionPipeline\""),
                                {{"CLIPTextModel", "RobertaSeriesModelWithTransformation"}}),
            {"AltDiffusionPipeline", "RobertaSeries"}},
           {absl::StrReplaceAll(Index("\"TextToVideo\""),
                                {{"UNet2DConditionModel", "UNet3DConditionModel"}}),
            {"TextToVideo", "UNet3DConditionModel"}}}) {
    scratch.Write("model_index.json", index);
    EXPECT_THAT(DiffusersFolder::Open(scratch.path()), RefusesNaming([&, parts = parts] {
                  Parts all = parts;
                  all.push_back("_class_name");
                  all.push_back("whatever the pipeline is called");
                  return all;
                }()))
        << index;
  }
}

TEST(DiffusersFolder, TheIndexNamesTheSchedulersClass) {
  const ScratchFolder scratch;
  scratch.Write("model_index.json", Index("\"StableDiffusionPipeline\""));
  scratch.Write("scheduler/scheduler_config.json",
                R"({"_class_name": "EulerDiscreteScheduler", "steps_offset": 1})");
  ASSERT_OK_AND_ASSIGN(const JsonObject config,
                       DiffusersFolder::Open(scratch.path())->SchedulerConfig());
  EXPECT_EQ(*config.Get<std::string>("_class_name"), "PNDMScheduler");
  EXPECT_EQ(*config.Get<std::string>("_class_of_file"), "EulerDiscreteScheduler");
  EXPECT_EQ(*config.Get<int64_t>("steps_offset"), 1);
  scratch.Write("model_index.json", kIndex);
  EXPECT_EQ(
      *DiffusersFolder::Open(scratch.path())->SchedulerConfig()->Get<std::string>("_class_name"),
      "EulerDiscreteScheduler");
}

TEST(DiffusersFolder, PickledWeightsAreNeverRead) {
  const ScratchFolder scratch;
  scratch.Write("model_index.json", kIndex);
  scratch.Write("unet/diffusion_pytorch_model.bin", "PK");
  EXPECT_THAT(DiffusersFolder::Open(scratch.path())->WeightsPaths("unet"),
              RefusesNaming(Parts{"diffusion_pytorch_model.bin", "pickled", "safetensors"}));
}

TEST(DiffusersFolder, HalfPrecisionVariantsAreFound) {
  const ScratchFolder scratch;
  scratch.Write("model_index.json", kIndex);
  scratch.Write("unet/diffusion_pytorch_model.fp16.safetensors", "");
  ASSERT_OK_AND_ASSIGN(const DiffusersFolder folder, DiffusersFolder::Open(scratch.path()));
  EXPECT_EQ(folder.WeightsPaths("unet")->at(0).filename(),
            "diffusion_pytorch_model.fp16.safetensors");
}

// A safetensors file of one small tensor.
std::string FileWith(const std::string& name) {
  const std::vector<float> values = {1, 2};
  return SerializeSafetensors({{name, {DType::kF32, {2}, std::as_bytes(std::span(values))}}}, {});
}

TEST(DiffusersFolder, ShardsAreOneComponent) {
  const ScratchFolder scratch;
  scratch.Write("model_index.json", kIndex);
  scratch.Write("unet/diffusion_pytorch_model.safetensors.index.json",
                R"({"metadata": {}, "weight_map": {"a": "x-00001-of-00002.safetensors",
                                                   "b": "x-00002-of-00002.safetensors"}})");
  ASSERT_OK_AND_ASSIGN(const DiffusersFolder folder, DiffusersFolder::Open(scratch.path()));
  scratch.Write("unet/x-00001-of-00002.safetensors", FileWith("conv_in.a"));
  EXPECT_THAT(folder.Weights("unet"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("x-00002-of-00002.safetensors")));
  scratch.Write("unet/x-00002-of-00002.safetensors", FileWith("conv_in.a"));
  EXPECT_THAT(folder.Weights("unet"), RefusesNaming(Parts{"\"conv_in.a\"", "second one"}));
  scratch.Write("unet/x-00002-of-00002.safetensors", FileWith("conv_in.b"));
  ASSERT_OK_AND_ASSIGN(const ComponentWeights weights, folder.Weights("unet"));
  EXPECT_EQ(weights.tensors.size(), 2);
  EXPECT_EQ(weights.files.size(), 2);
  EXPECT_THAT(weights.passed_over, ::testing::IsEmpty());
}

TEST(DiffusersFolder, WhatHasNoPlaceInAComponentIsPassedOver) {
  const ScratchFolder scratch;
  scratch.Write("model_index.json", kIndex);
  scratch.Write("unet/diffusion_pytorch_model.safetensors", FileWith("embedding_manager.x"));
  ASSERT_OK_AND_ASSIGN(const ComponentWeights weights,
                       DiffusersFolder::Open(scratch.path())->Weights("unet"));
  EXPECT_TRUE(weights.tensors.empty());
  EXPECT_THAT(weights.passed_over, ::testing::ElementsAre("embedding_manager.x"));
}

TEST(DiffusersFolder, ShardsStayInTheirFolder) {
  for (const char* name : {"../x.safetensors", "/etc/passwd", "x.bin", ""}) {
    const ScratchFolder scratch;
    scratch.Write("model_index.json", kIndex);
    scratch.Write("vae/model.safetensors.index.json",
                  absl::StrCat(R"({"weight_map": {"a": ")", name, "\"}}"));
    EXPECT_THAT(DiffusersFolder::Open(scratch.path())->WeightsPaths("vae"),
                RefusesNaming(Parts{"weight_map", "\"a\""}))
        << name;
  }
}

}  // namespace
}  // namespace imprint::engine
