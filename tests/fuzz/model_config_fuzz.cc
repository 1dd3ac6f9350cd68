// Any bytes as a model's configuration: refused, or sizes that a network can be built from.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"

#include "base/json_object.h"
#include "engine/model/unet_config.h"
#include "engine/model/vae_config.h"
#include "engine/model_files/models_solver.h"
#include "orders/solver_choice.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = imprint::JsonObject::Parse(text, "config.json");
  if (!json.ok()) return 0;
  if (const auto unet = imprint::engine::UnetConfig::Parse(*json); unet.ok()) {
    for (const auto& level : unet->levels) {
      if (level.heads < 1 || level.channels % level.heads != 0) std::abort();
    }
  }
  if (const auto vae = imprint::engine::VaeConfig::Parse(*json);
      vae.ok() && vae->channels.empty()) {
    std::abort();
  }
  const imprint::engine::ModelsSolver solver = imprint::engine::SolverOf(*json);
  if (Name(solver.choice).empty()) std::abort();
  // Another one is taken only with a word.
  if (!imprint::engine::FieldsNotHonoured(*json, solver.choice).empty() && solver.instead.empty())
    std::abort();
  imprint::engine::UnknownSchedulerFields(*json);
  return 0;
}
