#include "engine/checkpoint/other_kinds.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "engine/checkpoint/original_layout.h"

namespace imprint {
namespace {

// A name that only one kind of file has, and what the file is then.
struct Sign {
  absl::string_view part;
  absl::string_view kind;
};

constexpr Sign kSigns[] = {
    {"lora_", "a LoRA file: small changes to a model, which Imprint does not apply"},
    {".lora", "a LoRA file: small changes to a model, which Imprint does not apply"},
    {"hada_w1_a", "a LyCORIS file: small changes to a model, which Imprint does not apply"},
    {"conditioner.embedders.", "a Stable Diffusion XL checkpoint"},
    {"joint_blocks.", "a Stable Diffusion 3 checkpoint"},
    {"double_blocks.", "a Flux checkpoint"},
    {"control_model.", "a ControlNet"},
    {"emb_params", "an embedding, not a model"},
    {"string_to_param", "an embedding, not a model"},
    {"clip_g", "a Stable Diffusion XL embedding, not a model"},
    {"down_blocks.0.", "one component of a model as Diffusers saves it; give the model's folder"},
};

// Only tensors' own beginnings count for these: a name such as "model.text_model." says nothing.
constexpr Sign kBeginnings[] = {
    {"encoder.down.", "an autoencoder alone"},
    {"text_model.", "a text encoder alone"},
};

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
  for (const auto& [name, tensor] : tensors) {
    for (const Sign& sign : kSigns) {
      if (absl::StrContains(name, sign.part)) return std::string(sign.kind);
    }
    for (const Sign& sign : kBeginnings) {
      if (absl::StartsWith(name, sign.part)) return std::string(sign.kind);
    }
  }
  constexpr absl::string_view kFirst = "model.diffusion_model.input_blocks.0.0.weight";
  const int64_t channels = ExtentOf(tensors, kFirst, 1);
  if (channels == 0) {
    return absl::StrCat("a file without ", kFirst);
  }
  if (channels == 9) return "an inpainting model (9 input channels)";
  if (channels == 8) return "an InstructPix2Pix model (8 input channels)";
  if (channels == 5) return "a depth model (5 input channels)";
  return std::nullopt;
}

}  // namespace imprint
