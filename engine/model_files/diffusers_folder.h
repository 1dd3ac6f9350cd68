// A Stable Diffusion model as Diffusers saves it: model_index.json and a folder for each component.
#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/json_object.h"
#include "engine/model_files/model_files.h"

namespace imprint::engine {

class DiffusersFolder final : public ModelFiles {
 public:
  // Opens a model's folder. NOT_FOUND if there is no such folder or index; INVALID_ARGUMENT if it
  // describes another kind of pipeline than Stable Diffusion's (SDXL, Stable Diffusion 3, ...),
  // naming it. The parts decide, not the pipeline's name: image to image, panoramas and many others
  // have the same.
  static absl::StatusOr<DiffusersFolder> Open(const std::filesystem::path& root);

  // Returns whether the model has this component (an entry that is not null, and its folder).
  bool Has(absl::string_view component) const override;

  // Reads a component's configuration: "unet" -> unet/config.json. NOT_FOUND names the missing
  // file.
  absl::StatusOr<JsonObject> Config(absl::string_view component) const override;

  // Reads scheduler/scheduler_config.json, but with the class that model_index.json names, since
  // Diffusers builds that one, whatever the file itself says. The file's own is then in
  // "_class_of_file".
  absl::StatusOr<JsonObject> SchedulerConfig() const override;

  absl::StatusOr<ComponentWeights> Weights(absl::string_view component) const override;

  // Reads tokenizer/.
  absl::StatusOr<ClipTokenizer> LoadTokenizer() const override {
    return ClipTokenizer::Load(path() / "tokenizer");
  }

  // Returns WeightsPathsIn of the component's folder.
  absl::StatusOr<std::vector<std::filesystem::path>> WeightsPaths(
      absl::string_view component) const override;

  // Returns the parts of the pipeline that drawing and teaching do not use.
  std::vector<std::string> PassedOver() const override;

 private:
  DiffusersFolder(std::filesystem::path root, JsonObject index)
      : ModelFiles(std::move(root)), index_(std::move(index)) {}

  JsonObject index_;
};

}  // namespace imprint::engine
