// A Stable Diffusion 1.x or 2.x checkpoint in one .safetensors file, in the layout of the original
// code (CompVis, Stability) that AUTOMATIC1111 uses.
//
// The file has no configuration: sizes follow from the tensors' shapes, the rest from its family.
// What it does not contain is looked for beside it: safety_checker/, tokenizer/ and, if it has
// none, vae/ as in a Diffusers folder, and the file's own name with .yaml, whose
// model.params.parameterization ("v" or "eps") takes precedence over everything else about its
// prediction.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "engine/model_files/model_files.h"
#include "engine/model_files/original_layout.h"

namespace imprint::engine {

// The source that says what a checkpoint predicts.
enum class PredictionEvidence {
  kYaml,
  kMetadata,  // modelspec.prediction_type of the file's header, as kohya's scripts write it
  kMarker,    // a tensor "v_pred"
  kStep,      // the global_step of a published checkpoint
  kFamily,    // SD 1.x, which predicts noise
  // No evidence: the likelier of the two is assumed.
  kGuess,
  kCaller
};

class SingleFile final : public ModelFiles {
 public:
  // Opens a checkpoint. INVALID_ARGUMENT, saying what the file is, for pickled checkpoints, GGUF,
  // SDXL, Stable Diffusion 3, Flux, inpainting models, ControlNets, LoRA files, embeddings and
  // checkpoints without a text encoder or an autoencoder.
  static absl::StatusOr<SingleFile> Open(const std::filesystem::path& path,
                                         const ModelAssumptions& assumptions = {});

  bool Has(absl::string_view component) const override;
  absl::StatusOr<JsonObject> Config(absl::string_view component) const override;
  absl::StatusOr<JsonObject> SchedulerConfig() const override;
  absl::StatusOr<std::vector<std::filesystem::path>> WeightsPaths(
      absl::string_view component) const override;
  absl::StatusOr<ComponentWeights> Weights(absl::string_view component) const override;
  // Loads CLIP's own tokenizer if there is no tokenizer/ beside the file.
  absl::StatusOr<ClipTokenizer> LoadTokenizer() const override;

  bool GuessesPrediction() const override { return evidence_ == PredictionEvidence::kGuess; }
  // Returns the tensors that belong to no component.
  std::vector<std::string> PassedOver() const override { return passed_over_; }

  OriginalFamily family() const { return family_; }
  // Return whether the model predicts v, and how that is known.
  bool predicts_velocity() const { return predicts_velocity_; }
  PredictionEvidence evidence() const { return evidence_; }

 private:
  SingleFile(std::filesystem::path path, SafetensorsFile file)
      : ModelFiles(std::move(path)), file_(std::move(file)) {}

  // Returns a component's folder beside the file.
  std::filesystem::path Beside(absl::string_view component) const;

  SafetensorsFile file_;
  OriginalFamily family_ = OriginalFamily::kSd1;
  bool predicts_velocity_ = false;
  PredictionEvidence evidence_ = PredictionEvidence::kFamily;
  // The components in the file, under Diffusers' names.
  std::map<std::string, OriginalComponent, std::less<>> components_;
  std::vector<std::string> passed_over_;
};

}  // namespace imprint::engine
