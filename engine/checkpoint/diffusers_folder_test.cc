#include "engine/checkpoint/diffusers_folder.h"

#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "formats/safetensors.h"

namespace imprint {
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

TEST(DiffusersFolder, OtherPipelinesAreRefusedByName) {
  const ScratchFolder scratch;
  scratch.Write("model_index.json", R"({"_class_name": "StableDiffusionXLPipeline"})");
  EXPECT_THAT(DiffusersFolder::Open(scratch.path()),
              RefusesNaming(Parts{"_class_name", "StableDiffusionXLPipeline"}));
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
  scratch.Write("unet/x-00001-of-00002.safetensors", FileWith("a"));
  EXPECT_THAT(folder.Weights("unet"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("x-00002-of-00002.safetensors")));
  scratch.Write("unet/x-00002-of-00002.safetensors", FileWith("a"));
  EXPECT_THAT(folder.Weights("unet"), RefusesNaming(Parts{"\"a\"", "second one"}));
  scratch.Write("unet/x-00002-of-00002.safetensors", FileWith("b"));
  ASSERT_OK_AND_ASSIGN(const ComponentWeights weights, folder.Weights("unet"));
  EXPECT_EQ(weights.tensors.size(), 2);
  EXPECT_EQ(weights.files.size(), 2);
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
}  // namespace imprint
