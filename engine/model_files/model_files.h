// A base model as it lies on disk, whatever the layout: configurations and named tensors by
// component, under the names that today's Diffusers gives them. Needs no LibTorch.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/json_object.h"
#include "formats/safetensors.h"
#include "text/clip_tokenizer.h"

namespace imprint::engine {

// A component's tensors and the open files that their bytes lie in.
struct ComponentWeights {
  std::string origin;  // the component's name in errors
  TensorViews tensors;
  std::vector<SafetensorsFile> files;
  // Tensors that have no place in the network, by the files' own names.
  std::vector<std::string> passed_over;
};

// Facts that a model's files do not state, and the caller knows or has found out.
struct ModelAssumptions {
  // Whether the model predicts v.
  std::optional<bool> predicts_velocity;
};

// Immutable; thread-safe. Components are "text_encoder", "unet", "vae" and "safety_checker".
class ModelFiles {
 public:
  // Opens a folder as Diffusers saves it, or a single .safetensors file in the original layout of
  // Stable Diffusion 1.x or 2.x. NOT_FOUND if there is nothing; INVALID_ARGUMENT, saying what it is
  // instead, for files and folders of other kinds.
  static absl::StatusOr<std::unique_ptr<const ModelFiles>> Open(
      const std::filesystem::path& path, const ModelAssumptions& assumptions = {});

  virtual ~ModelFiles() = default;

  const std::filesystem::path& path() const { return path_; }

  virtual bool Has(absl::string_view component) const = 0;
  // Returns a component's config.json, or its equivalent. NOT_FOUND or INVALID_ARGUMENT naming the
  // file.
  virtual absl::StatusOr<JsonObject> Config(absl::string_view component) const = 0;
  virtual absl::StatusOr<JsonObject> SchedulerConfig() const = 0;
  // Returns the files that hold a component's weights.
  virtual absl::StatusOr<std::vector<std::filesystem::path>> WeightsPaths(
      absl::string_view component) const = 0;
  virtual absl::StatusOr<ComponentWeights> Weights(absl::string_view component) const = 0;
  virtual absl::StatusOr<ClipTokenizer> LoadTokenizer() const = 0;

  // Returns whether nothing in the files says what the network predicts; SchedulerConfig and sizes
  // are then of the likelier kind.
  virtual bool GuessesPrediction() const { return false; }
  // Returns what the files hold besides the components: tensors and parts that nothing reads.
  virtual std::vector<std::string> PassedOver() const { return {}; }

 protected:
  explicit ModelFiles(std::filesystem::path path) : path_(std::move(path)) {}

 private:
  std::filesystem::path path_;
};

}  // namespace imprint::engine
