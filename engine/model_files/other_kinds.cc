#include "engine/model_files/other_kinds.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "engine/model_files/original_layout.h"

namespace imprint::engine {
namespace {

// A part of a name, and what a file is that has it.
struct Sign {
  absl::string_view part;
  absl::string_view kind;
};

constexpr absl::string_view kFirst = "model.diffusion_model.input_blocks.0.0.weight";

// Networks that begin as Stable Diffusion's does, and are another: these count in every file.
constexpr Sign kOtherNetworks[] = {
    {"conditioner.embedders.", "a Stable Diffusion XL checkpoint"},
    {"joint_blocks.", "a Stable Diffusion 3 checkpoint"},
    {"double_blocks.", "a Flux checkpoint"},
    {"control_model.", "a ControlNet"},
    {"model.diffusion_model.label_emb.", "an unCLIP model, whose network reads pictures, too"},
    {"model.diffusion_model.position_net.", "a GLIGEN model, whose network reads places, too"},
    {"model.diffusion_model.input_hint_block.", "a ControlNet"},
};

// What else a file without a network is. A whole checkpoint may hold such a name as well: trainings
// and merges leave many things in it.
constexpr Sign kNoNetwork[] = {
    {"lora_", "a LoRA file: small changes to a model, which Imprint does not apply"},
    {".lora", "a LoRA file: small changes to a model, which Imprint does not apply"},
    {"hada_w1_a", "a LyCORIS file: small changes to a model, which Imprint does not apply"},
    {"emb_params", "an embedding, not a model"},
    {"emp_params", "an embedding, not a model"},
    {"string_to_param", "an embedding, not a model"},
    {"clip_g", "a Stable Diffusion XL embedding, not a model"},
    {"motion_modules.", "a motion module of AnimateDiff, not a model"},
    {"down_blocks.0.", "one component of a model as Diffusers saves it; give the model's folder"},
};

// Only tensors' own beginnings count for these: a name such as "model.text_model." says nothing.
constexpr Sign kBeginnings[] = {
    {"encoder.down.", "an autoencoder alone"},
    {"first_stage_model.", "an autoencoder alone"},
    {"text_model.", "a text encoder alone"},
    {"cond_stage_model.", "a text encoder alone"},
};

// Weights that mean something only together with their scales.
bool IsScale(absl::string_view name) {
  return name == "scaled_fp8" || absl::EndsWith(name, ".scale_weight") ||
         absl::EndsWith(name, ".weight_scale");
}

template <size_t n>
std::optional<std::string> KindBy(const Sign (&signs)[n], const TensorViews& tensors,
                                  bool (*has)(absl::string_view, absl::string_view)) {
  for (const auto& [name, tensor] : tensors) {
    for (const Sign& sign : signs) {
      if (has(name, sign.part)) return std::string(sign.kind);
    }
  }
  return std::nullopt;
}

bool Contains(absl::string_view name, absl::string_view part) {
  return absl::StrContains(name, part);
}

bool Begins(absl::string_view name, absl::string_view part) { return absl::StartsWith(name, part); }

}  // namespace

std::optional<std::string> OtherFileFormat(absl::string_view begin) {
  if (absl::StartsWith(begin, "GGUF")) return "a GGUF file (quantised weights)";
  const bool zip = absl::StartsWith(begin, absl::string_view("PK\x03\x04", 4));
  const bool safetensors = begin.size() > 8 && begin[8] == '{';
  if (zip || (absl::StartsWith(begin, "\x80") && !safetensors)) {
    return "a pickled checkpoint (.ckpt), which is never read: it could run any program. Convert "
           "it "
           "to safetensors";
  }
  return std::nullopt;
}

std::optional<std::string> OtherCheckpoint(const TensorViews& tensors) {
  if (auto kind = KindBy(kOtherNetworks, tensors, Contains)) return kind;
  for (const auto& [name, tensor] : tensors) {
    if (!IsScale(name)) continue;
    return absl::StrCat("a checkpoint in scaled fp8 (it has ", name,
                        "), whose weights count only times their scales");
  }
  const int64_t channels = ExtentOf(tensors, kFirst, 1);
  if (channels == 0) {
    if (auto kind = KindBy(kNoNetwork, tensors, Contains)) return kind;
    if (auto kind = KindBy(kBeginnings, tensors, Begins)) return kind;
    return absl::StrCat("a file without ", kFirst);
  }
  if (channels == 9) return "an inpainting model (9 input channels)";
  if (channels == 8) return "an InstructPix2Pix model (8 input channels)";
  if (channels == 7) return "an upscaling model (7 input channels)";
  if (channels == 5) return "a depth model (5 input channels)";
  return std::nullopt;
}

}  // namespace imprint::engine
