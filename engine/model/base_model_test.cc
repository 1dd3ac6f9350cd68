#include "engine/model/base_model.h"

#include <cstring>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_object.h"
#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "formats/safetensors.h"

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

const fs::path kDemo = fs::path(IMPRINT_SOURCE_DIR) / "models/demo";

// A copy of the demo model, to break.
class ModelCopy {
 public:
  ModelCopy() {
    for (const char* name : {"text_encoder", "unet", "vae", "tokenizer", "scheduler"}) {
      fs::copy(kDemo / name, path() / name);
    }
    fs::copy(kDemo / "model_index.json", path() / "model_index.json");
  }
  const fs::path& path() const { return scratch_.path(); }

  void SetField(const fs::path& config, const char* key, const nlohmann::json& value) {
    nlohmann::json json = JsonObject::Load(path() / config)->json();
    json[key] = value;
    scratch_.Write(config, json.dump());
  }

  void Write(const fs::path& file, const std::string& content) { scratch_.Write(file, content); }

  // Rewrites a component's weights after `change`.
  template <typename Change>
  void Rewrite(const fs::path& weights, Change change) {
    const SafetensorsFile file = *SafetensorsFile::Open(path() / weights);
    TensorViews tensors = file.tensors();
    change(tensors);
    const std::string bytes = SerializeSafetensors(tensors, file.metadata());
    fs::remove(path() / weights);  // the mapping must not change under the views
    scratch_.Write(weights, bytes);
  }

  absl::Status Load() const { return BaseModel::Load(path()).status(); }

 private:
  ScratchFolder scratch_;
};

constexpr const char* kUnetWeights = "unet/diffusion_pytorch_model.safetensors";
constexpr const char* kTextWeights = "text_encoder/model.safetensors";

TEST(BaseModel, DescribesTheDemoModel) {
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(kDemo));
  const BaseModelInfo& info = model->info();
  EXPECT_EQ(info.embedding_width, 128);
  EXPECT_EQ(info.prompt_tokens, 77);
  EXPECT_EQ(info.text_layers, 2);
  EXPECT_EQ(info.picture_size, 64);
  EXPECT_EQ(info.size_multiple, 4);
  EXPECT_EQ(info.prediction, "v_prediction");
  EXPECT_TRUE(info.has_safety_checker);
  EXPECT_EQ(info.fingerprint.size(), 64u);
  EXPECT_THAT(info.text_encoder_identity, HasSubstr("other:128:"));
  EXPECT_NEAR(info.mean_token_norm, 0.228, 0.001);
  EXPECT_NEAR(static_cast<double>(info.parameters.at("unet")), 4.0e6, 0.05e6);
}

TEST(BaseModel, TheFingerprintIsOfTheWeightsNotOfTheFolder) {
  ModelCopy copy;
  ASSERT_OK_AND_ASSIGN(const auto original, BaseModel::Load(kDemo));
  ASSERT_OK_AND_ASSIGN(const auto same, BaseModel::Load(copy.path()));
  EXPECT_EQ(original->info().fingerprint, same->info().fingerprint);
  EXPECT_FALSE(same->info().has_safety_checker) << "its folder is not there";

  std::vector<uint16_t> bias(4, 0x3C00);
  copy.Rewrite(kUnetWeights, [&](TensorViews& tensors) {
    tensors.at("conv_out.bias").data = std::as_bytes(std::span(bias));
  });
  ASSERT_OK_AND_ASSIGN(const auto other, BaseModel::Load(copy.path()));
  EXPECT_NE(original->info().fingerprint, other->info().fingerprint);
  EXPECT_EQ(original->info().text_encoder_identity, other->info().text_encoder_identity);
}

TEST(BaseModel, TextEncoderNamesMayHaveLostTheOlderPrefix) {
  ModelCopy copy;
  copy.Rewrite(kTextWeights, [](TensorViews& tensors) {
    TensorViews renamed;
    for (auto& [name, tensor] : tensors) renamed[name.substr(strlen("text_model."))] = tensor;
    tensors = renamed;
  });
  ASSERT_OK_AND_ASSIGN(const auto original, BaseModel::Load(kDemo));
  ASSERT_OK_AND_ASSIGN(const auto newer, BaseModel::Load(copy.path()));
  EXPECT_EQ(original->info().fingerprint, newer->info().fingerprint);
}

TEST(BaseModel, WhatNoNetworkAsksForIsPassedOver) {
  ModelCopy copy;
  copy.Rewrite(kUnetWeights, [](TensorViews& tensors) {
    tensors["lora.up"] = tensors["down_blocks.0.attentions.0.fuser"] = tensors.at("conv_in.bias");
  });
  copy.Rewrite(kTextWeights, [](TensorViews& tensors) {
    tensors["text_projection.weight"] = tensors.at("text_model.final_layer_norm.bias");
  });
  copy.SetField("scheduler/scheduler_config.json", "use_newest_sigmas", true);
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(copy.path()));
  EXPECT_THAT(model->info().passed_over,
              ::testing::UnorderedElementsAre(
                  "lora.up", "down_blocks.0.attentions.0.fuser", "text_projection.weight",
                  HasSubstr("scheduler_config.json: use_newest_sigmas")));
  EXPECT_TRUE(model->info().warnings.empty());
}

TEST(BaseModel, ADamagedOneLoadsWithAWarning) {
  ModelCopy copy;
  const std::vector<uint16_t> bias = {0x3C00, 0x3C00, 0x7E00, 0x3C00};
  copy.Rewrite(kUnetWeights, [&](TensorViews& tensors) {
    tensors.at("conv_out.bias").data = std::as_bytes(std::span(bias));
  });
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(copy.path()));
  EXPECT_THAT(model->info().damage, HasSubstr(kUnetWeights));
  EXPECT_THAT(model->info().damage, HasSubstr("\"conv_out.bias\": number 2 is nan"));
  EXPECT_THAT(model->info().warnings, ::testing::ElementsAre(model->info().damage));
}

// A table with one row more, as a concept baked into a model leaves it.
class GrownTable : public ::testing::Test {
 protected:
  GrownTable() {
    copy_.Rewrite(kTextWeights, [&](TensorViews& tensors) {
      TensorView& table = tensors.at("text_model.embeddings.token_embedding.weight");
      rows_.assign(table.data.begin(), table.data.end());
      rows_.insert(rows_.end(), table.data.end() - 128 * 4, table.data.end());
      table.shape[0] += 1;
      table.data = rows_;
    });
    copy_.SetField("text_encoder/config.json", "vocab_size", 49409);
  }

  ModelCopy copy_;
  std::vector<std::byte> rows_;
};

TEST_F(GrownTable, HasARowForAnAddedToken) {
  copy_.Write("tokenizer/added_tokens.json", R"({"<cat-toy>": 49408})");
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(copy_.path()));
  EXPECT_EQ(model->tokenizer().EncodeBare("<cat-toy>"), std::vector<int32_t>{49408});
  EXPECT_TRUE(model->info().warnings.empty());
  ASSERT_OK_AND_ASSIGN(const auto demo, BaseModel::Load(kDemo));
  EXPECT_EQ(model->info().text_encoder_identity, demo->info().text_encoder_identity);
  EXPECT_NE(model->info().fingerprint, demo->info().fingerprint);
}

TEST_F(GrownTable, SaysWhereNoTokenNamesItsRows) {
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(copy_.path()));
  EXPECT_THAT(model->info().warnings, ::testing::ElementsAre(HasSubstr("49409 rows")));
}

TEST_F(GrownTable, SaysWhichTokensHaveNoRow) {
  copy_.Write("tokenizer/added_tokens.json", R"({"<a>": 49408, "<b>": 49409})");
  ASSERT_OK_AND_ASSIGN(const auto model, BaseModel::Load(copy_.path()));
  EXPECT_THAT(model->info().warnings, ::testing::ElementsAre(HasSubstr("has none: <b>")));
  EXPECT_GT(model->tokenizer().EncodeBare("<b>").size(), 1);
}

TEST(BaseModel, MissingFilesAreNamed) {
  for (const char* name : {"model_index.json", "unet/config.json", kUnetWeights, "vae/config.json",
                           "text_encoder/model.safetensors", "tokenizer/merges.txt",
                           "scheduler/scheduler_config.json"}) {
    ModelCopy copy;
    fs::remove(copy.path() / name);
    EXPECT_THAT(copy.Load(), Fails(absl::StatusCode::kNotFound,
                                   HasSubstr(fs::path(name).parent_path().string())))
        << name;
  }
}

TEST(BaseModel, MissingTensorsAndWrongShapesAreNamed) {
  ModelCopy missing;
  missing.Rewrite(kUnetWeights, [](TensorViews& tensors) { tensors.erase("conv_in.weight"); });
  EXPECT_THAT(missing.Load(), RefusesNaming(Parts{kUnetWeights, "missing", "conv_in.weight"}));

  ModelCopy wrong;
  wrong.Rewrite(kUnetWeights, [](TensorViews& tensors) {
    tensors.at("conv_in.weight").shape = {4, 64, 3, 3};
  });
  EXPECT_THAT(wrong.Load(),
              RefusesNaming(Parts{"conv_in.weight", "[4, 64, 3, 3]", "[64, 4, 3, 3]"}));
}

TEST(BaseModel, TruncatedWeightsAreRefused) {
  ModelCopy copy;
  fs::resize_file(copy.path() / kUnetWeights, 100'000);
  EXPECT_THAT(copy.Load(), RefusesNaming(Parts{kUnetWeights, "truncated"}));
}

TEST(BaseModel, PartsThatDoNotFitEachOtherAreRefused) {
  ModelCopy copy;
  copy.SetField("unet/config.json", "cross_attention_dim", 768);
  EXPECT_THAT(copy.Load(), RefusesNaming(Parts{"cross_attention_dim", "768", "128"}));

  ModelCopy vocabulary;
  vocabulary.SetField("text_encoder/config.json", "vocab_size", 1000);
  EXPECT_THAT(vocabulary.Load(), RefusesNaming(Parts{"vocab.json", "49408", "1000"}));
}

TEST(BaseModel, AConfigOfAnotherSizeIsRefusedWithItsTensors) {
  ModelCopy copy;
  copy.SetField("unet/config.json", "block_out_channels", {64, 256});
  EXPECT_THAT(copy.Load(), RefusesNaming(Parts{kUnetWeights, "another shape", "config.json"}));
}

}  // namespace
}  // namespace imprint::engine
