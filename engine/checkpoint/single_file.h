// A Stable Diffusion 1.x or 2.x checkpoint in one .safetensors file, in the layout of the original
// code (CompVis, Stability) that AUTOMATIC1111 uses.
//
// The file has no configuration: sizes follow from the tensors' shapes, the rest from which family
// it is. What it does not bring is looked for beside it: safety_checker/ and tokenizer/ as in a
// Diffusers folder, and the file's own name with .yaml, whose model.params.parameterization ("v" or
// "eps") overrides what was guessed about its prediction.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "engine/checkpoint/model_files.h"

namespace imprint {

// Which text encoder a checkpoint has decides most about it.
enum class OriginalFamily { kSd1, kSd2 };

class SingleFile final : public ModelFiles {
 public:
  // INVALID_ARGUMENT, saying what the file is, for pickled checkpoints, GGUF, SDXL, Stable
  // Diffusion 3, Flux, inpainting models, ControlNets, LoRA files and embeddings.
  static absl::StatusOr<SingleFile> Open(const std::filesystem::path& path);

  bool Has(absl::string_view component) const override;
  absl::StatusOr<JsonObject> Config(absl::string_view component) const override;
  absl::StatusOr<JsonObject> SchedulerConfig() const override;
  absl::StatusOr<std::vector<std::filesystem::path>> WeightsPaths(
      absl::string_view component) const override;
  absl::StatusOr<ComponentWeights> Weights(absl::string_view component) const override;
  // CLIP's own where there is no tokenizer/ beside the file.
  absl::StatusOr<ClipTokenizer> LoadTokenizer() const override;

  OriginalFamily family() const { return family_; }
  // Whether it predicts v.
  bool predicts_velocity() const { return predicts_velocity_; }

 private:
  SingleFile(std::filesystem::path path, SafetensorsFile file)
      : ModelFiles(std::move(path)), file_(std::move(file)) {}

  // The folder of a component that lies beside the file.
  std::filesystem::path Beside(absl::string_view component) const;

  SafetensorsFile file_;
  OriginalFamily family_ = OriginalFamily::kSd1;
  bool predicts_velocity_ = false;
  // By component, under Diffusers' names.
  std::map<std::string, TensorViews, std::less<>> components_;
  std::map<std::string, nlohmann::json, std::less<>> configs_;
};

}  // namespace imprint
