// A model in the layout that Diffusers saves: a folder for each component, with a config.json and
// its weights as safetensors. Pickled weights are never read.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/json_object.h"

namespace imprint {

// An opened model folder. Immutable; thread-safe.
class DiffusersFolder {
 public:
  // NOT_FOUND if there is no model_index.json in `root`; INVALID_ARGUMENT if it describes another
  // kind of pipeline than Stable Diffusion's (SDXL, Stable Diffusion 3, ...), naming it.
  static absl::StatusOr<DiffusersFolder> Open(const std::filesystem::path& root);

  const std::filesystem::path& root() const { return root_; }

  // Whether the model has this component (an entry that is not null, and its folder).
  bool Has(absl::string_view component) const;

  // "unet" -> unet/config.json. NOT_FOUND names the missing file.
  absl::StatusOr<JsonObject> Config(absl::string_view component) const;

  // scheduler/scheduler_config.json.
  absl::StatusOr<JsonObject> SchedulerConfig() const;

  // The component's weights file: diffusion_pytorch_model.safetensors or model.safetensors, else
  // their .fp16 variants. INVALID_ARGUMENT for pickled weights and for weights in several files.
  absl::StatusOr<std::filesystem::path> WeightsPath(absl::string_view component) const;

 private:
  DiffusersFolder(std::filesystem::path root, JsonObject index)
      : root_(std::move(root)), index_(std::move(index)) {}

  std::filesystem::path root_;
  JsonObject index_;
};

}  // namespace imprint
