// What a base model is, read from its files without LibTorch: the registry needs no more.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/sha256.h"
#include "engine/model_files/model_files.h"
#include "formats/safetensors.h"
#include "orders/solver_choice.h"

namespace imprint {

// What only its weights tell.
struct WeightsIdentity {
  // SHA-256 of the weights of text encoder, UNet and VAE: what drawing the same picture again
  // needs. The numbers count, not the type that they are stored in.
  std::string fingerprint;
  // "family:width:hash of the token table rounded to fp16": what decides whether an embedding fits.
  // Families: sd1 (width 768), sd2 (1024), other. Of the table, CLIP's own 49,408 rows count: what
  // tokens were added to a model later changes nothing for an embedding.
  std::string text_encoder_identity;
  int embedding_width = 0;  // numbers in one token's vector
  // Where a weight is infinite or NaN, that the model is damaged, with the first such weight, its
  // tensor and its file: it may still draw. Else empty.
  std::string damage;
};

struct ModelIdentity : WeightsIdentity {
  int picture_size = 0;   // side of the square that it was trained at, in pixels
  int size_multiple = 0;  // sides of pictures must be multiples of this
  bool has_safety_checker = false;
  SolverChoice solver;  // that its configuration asks for
  // Why `solver` is another than the configuration's; else empty.
  std::string solver_instead;
  int text_layers = 0;  // of the text encoder
  // What should be said wherever work with the model begins: damage, and what its files leave open.
  std::vector<std::string> warnings;
};

// In the order that the fingerprint takes them.
inline constexpr const char* kFingerprintedComponents[] = {"text_encoder", "unet", "vae"};
// Looked through for damage, where a model has it, and no part of its fingerprint.
inline constexpr const char* kSafetyChecker = "safety_checker";

// Reads configurations and hashes all weights, once over their bytes. Whether the networks can be
// built is not looked at. INVALID_ARGUMENT or NOT_FOUND naming the file and the field.
absl::StatusOr<ModelIdentity> IdentifyModel(const ModelFiles& files);

// The two halves of it: the slow one, and the one that reads configurations.
absl::StatusOr<WeightsIdentity> IdentifyWeights(const ModelFiles& files);
absl::StatusOr<ModelIdentity> CompleteIdentity(const ModelFiles& files,
                                               const WeightsIdentity& weights);

// A fingerprint in the making: SHA-256 over components' tensors. The digest depends on each
// component's name and on each tensor's canonical name, shape and numbers, not on the type that
// they are stored in, on the tensors' order in a file or on how they are split into files.
class Fingerprint {
 public:
  // Components must be added in the same order every time.
  void Add(absl::string_view component, const TensorViews& tensors);

  // The first tensor of all that were added that has a number which is not finite.
  struct Damage {
    std::string tensor;
    size_t index;  // of the element, row-major
    float value;
  };
  const std::optional<Damage>& damage() const { return damage_; }

  // 64 hexadecimal digits. The object must not be used afterwards.
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
  std::optional<Damage> damage_;
};

// What to say of a file that leaves open whether its network predicts noise or v: what was taken,
// why ("as its weights look so"), and what decides.
std::string GuessedPredictionText(const std::string& file, absl::string_view taken,
                                  absl::string_view why);

// SHA-256 of a tensor's elements rounded to fp16 (to nearest, ties to even). INVALID_ARGUMENT if
// they are no floating-point numbers.
absl::StatusOr<std::string> HalfSha256(const TensorView& tensor);

}  // namespace imprint
