// What a base model is, read from its files without LibTorch: the registry needs no more.
#pragma once

#include <map>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/sha256.h"
#include "engine/checkpoint/model_files.h"
#include "engine/recipe/solver_choice.h"
#include "formats/safetensors.h"

namespace imprint {

// What only its weights tell.
struct WeightsIdentity {
  // SHA-256 of the weights of text encoder, UNet and VAE: what drawing the same picture again
  // needs.
  std::string fingerprint;
  // "family:width:hash of the token table rounded to fp16": what decides whether an embedding fits.
  // Families: sd1 (width 768), sd2 (1024), other.
  std::string text_encoder_identity;
  int embedding_width = 0;  // numbers in one token's vector
};

struct ModelIdentity : WeightsIdentity {
  int picture_size = 0;   // side of the square that it was trained at, in pixels
  int size_multiple = 0;  // sides of pictures must be multiples of this
  bool has_safety_checker = false;
  SolverChoice solver;  // that its configuration asks for
  int text_layers = 0;  // of the text encoder
};

// In the order that the fingerprint takes them.
inline constexpr const char* kFingerprintedComponents[] = {"text_encoder", "unet", "vae"};

// Reads configurations and hashes all weights, once over their bytes. Whether the networks can be
// built is not looked at. INVALID_ARGUMENT or NOT_FOUND naming the file and the field.
absl::StatusOr<ModelIdentity> IdentifyModel(const ModelFiles& files);

// The two halves of it: the slow one, and the one that reads configurations.
absl::StatusOr<WeightsIdentity> IdentifyWeights(const ModelFiles& files);
absl::StatusOr<ModelIdentity> CompleteIdentity(const ModelFiles& files,
                                               const WeightsIdentity& weights);

// A fingerprint in the making: SHA-256 over components' tensors. The digest depends on each
// component's name and on each tensor's canonical name, type, shape and bytes, not on their order
// in a file or on how they are split into files.
class Fingerprint {
 public:
  // Components must be added in the same order every time.
  void Add(absl::string_view component, const TensorViews& tensors);

  // 64 hexadecimal digits. The object must not be used afterwards.
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
};

// SHA-256 of a tensor's elements rounded to fp16 (to nearest, ties to even). INVALID_ARGUMENT if
// they are no floating-point numbers.
absl::StatusOr<std::string> HalfSha256(const TensorView& tensor);

}  // namespace imprint
