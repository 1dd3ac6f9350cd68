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

namespace imprint {

// A component's tensors and the open files that their bytes lie in.
struct ComponentWeights {
  std::string origin;  // what errors call it
  TensorViews tensors;
  std::vector<SafetensorsFile> files;
  // What the files hold that has no place in the network, by the files' own names.
  std::vector<std::string> passed_over;
};

// What a model's files do not say, and the caller knows or has found out.
struct ModelAssumptions {
  // Whether it predicts v.
  std::optional<bool> predicts_velocity;
};

// Immutable; thread-safe. Components are "text_encoder", "unet", "vae" and "safety_checker".
class ModelFiles {
 public:
  // A folder as Diffusers saves it, or a single .safetensors file in the original layout of Stable
  // Diffusion 1.x or 2.x. NOT_FOUND if there is nothing; INVALID_ARGUMENT, saying what it is
  // instead, for files and folders of other kinds.
  static absl::StatusOr<std::unique_ptr<const ModelFiles>> Open(
      const std::filesystem::path& path, const ModelAssumptions& assumptions = {});

  virtual ~ModelFiles() = default;

  const std::filesystem::path& path() const { return path_; }

  virtual bool Has(absl::string_view component) const = 0;
  // A component's config.json, or what it would say. NOT_FOUND or INVALID_ARGUMENT naming the file.
  virtual absl::StatusOr<JsonObject> Config(absl::string_view component) const = 0;
  virtual absl::StatusOr<JsonObject> SchedulerConfig() const = 0;
  // The files that a component's weights lie in.
  virtual absl::StatusOr<std::vector<std::filesystem::path>> WeightsPaths(
      absl::string_view component) const = 0;
  virtual absl::StatusOr<ComponentWeights> Weights(absl::string_view component) const = 0;
  virtual absl::StatusOr<ClipTokenizer> LoadTokenizer() const = 0;

  // Whether nothing in the files says what the network predicts, and SchedulerConfig and sizes are
  // of the likelier kind.
  virtual bool GuessesPrediction() const { return false; }
  // What the files hold beside the components: tensors and parts that are not looked at.
  virtual std::vector<std::string> PassedOver() const { return {}; }

 protected:
  explicit ModelFiles(std::filesystem::path path) : path_(std::move(path)) {}

 private:
  std::filesystem::path path_;
};

}  // namespace imprint
