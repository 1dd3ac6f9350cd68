// The identity of a base model, read from its files without LibTorch: the registry needs no more.
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

namespace imprint::engine {

// The part of a model's identity that only its weights tell.
struct WeightsIdentity {
  // SHA-256 of the weights of text encoder, UNet and VAE: the identity that drawing the same
  // picture again depends on. The numbers count, not the type that they are stored in.
  std::string fingerprint;
  // "family:width:hash of the token table rounded to fp16", which decides whether an embedding
  // fits. Families: sd1 (width 768), sd2 (1024), other. Only the 49,408 rows of CLIP's own table
  // count: tokens that were added to a model later change nothing for an embedding.
  std::string text_encoder_identity;
  int embedding_width = 0;  // numbers in one token's vector
  // If a weight is infinite or NaN, a message that the model is damaged, with the first such
  // weight, its tensor and its file; such a model may still draw. Otherwise empty.
  std::string damage;
};

struct ModelIdentity : WeightsIdentity {
  int picture_size = 0;   // side of the square that it was trained at, in pixels
  int size_multiple = 0;  // sides of pictures must be multiples of this
  bool has_safety_checker = false;
  SolverChoice solver;  // the one that its configuration asks for
  // Why `solver` differs from what the configuration asks for; otherwise empty.
  std::string solver_instead;
  int text_layers = 0;  // layers of the text encoder
  // Warnings to show wherever work with the model begins: damage, and what its files leave open.
  std::vector<std::string> warnings;
};

// The components that the fingerprint covers, in the order in which it takes them.
inline constexpr const char* kFingerprintedComponents[] = {"text_encoder", "unet", "vae"};
// The component that is searched for damage where a model has it, but is not part of its
// fingerprint.
inline constexpr const char* kSafetyChecker = "safety_checker";

// Reads the configurations and hashes all weights in one pass over their bytes. Does not check
// whether the networks can be built. INVALID_ARGUMENT or NOT_FOUND naming the file and the field.
absl::StatusOr<ModelIdentity> IdentifyModel(const ModelFiles& files);

// The two halves of IdentifyModel: the slow one, and the one that reads configurations.
absl::StatusOr<WeightsIdentity> IdentifyWeights(const ModelFiles& files);
absl::StatusOr<ModelIdentity> CompleteIdentity(const ModelFiles& files,
                                               const WeightsIdentity& weights);

// Computes a fingerprint: SHA-256 over components' tensors. The digest depends on each component's
// name and on each tensor's canonical name, shape and numbers, not on the type that they are stored
// in, on the tensors' order in a file or on how they are split into files.
class Fingerprint {
 public:
  // Components must be added in the same order every time.
  void Add(absl::string_view component, const TensorViews& tensors);

  // The first tensor among those added that has a number which is not finite.
  struct Damage {
    std::string tensor;
    size_t index;  // index of the element, row-major
    float value;
  };
  const std::optional<Damage>& damage() const { return damage_; }

  // Returns 64 hexadecimal digits. The object must not be used afterwards.
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
  std::optional<Damage> damage_;
};

// Returns the text for a file that leaves open whether its network predicts noise or v: what was
// assumed, why ("as its weights look so"), and what decides.
std::string GuessedPredictionText(const std::string& file, absl::string_view taken,
                                  absl::string_view why);

// Returns the SHA-256 of a tensor's elements rounded to fp16 (to nearest, ties to even).
// INVALID_ARGUMENT if they are not floating-point numbers.
absl::StatusOr<std::string> HalfSha256(const TensorView& tensor);

}  // namespace imprint::engine
