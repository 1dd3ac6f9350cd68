// A base model in memory, loaded once per process and never changed. This header needs no LibTorch:
// services include it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "orders/compute_choice.h"
#include "orders/solver_choice.h"
#include "text/clip_tokenizer.h"

namespace imprint::engine {

struct ModelParts;

// A description of a model for people and records.
struct BaseModelInfo {
  std::string folder;
  // SHA-256 of the weights of text encoder, UNet and VAE: the identity that drawing the same
  // picture again depends on.
  std::string fingerprint;
  // "family:width:hash of the token table rounded to fp16", which decides whether an embedding
  // fits. Families: sd1 (width 768), sd2 (1024), other.
  std::string text_encoder_identity;
  int embedding_width;     // numbers in one token's vector
  int prompt_tokens;       // that fit into a prompt, including start and end
  int picture_size;        // side of the square that the model was trained at, in pixels
  int size_multiple;       // sides of pictures must be multiples of this
  std::string prediction;  // "epsilon" or "v_prediction"
  int training_timesteps;
  SolverChoice solver;     // the one that its configuration asks for
  ComputeChoice compute;   // the device and the precision that it computes in
  double mean_token_norm;  // L2, over the vocabulary
  bool has_safety_checker;
  std::map<std::string, int64_t> parameters;  // keyed by component
  int text_layers;                            // layers of the text encoder
  // Why `solver` differs from what the configuration asks for; otherwise empty.
  std::string solver_instead;
  // The fields by which the configuration asks a solver for something that ours does not do, keyed
  // by the solver's name.
  std::map<std::string, std::vector<std::string>> fields_not_honoured;
  // Warnings to show wherever work with the model begins: damage, and what its files leave open.
  std::vector<std::string> warnings;
  // Further remarks that `info` prints.
  std::vector<std::string> remarks;
  // Tensors, parts and fields of its files that nothing reads.
  std::vector<std::string> passed_over;
  // If a weight is not finite, a message that the model is damaged, with the tensor and its file;
  // otherwise empty.
  std::string damage;
};

// Immutable; thread-safe.
class BaseModel {
 public:
  // Loads a Diffusers folder or a single file in the original layout onto a device. The UNet
  // computes in the precision that was chosen, and so does the VAE, except in fp16, whose range is
  // too small for the values inside a VAE; text encoder and safety checker always compute in fp32.
  // NOT_FOUND or INVALID_ARGUMENT naming the file, the field or the tensors at fault;
  // RESOURCE_EXHAUSTED if it does not fit into memory; FAILED_PRECONDITION if the device cannot be
  // used.
  static absl::StatusOr<std::shared_ptr<const BaseModel>> Load(const std::filesystem::path& path,
                                                               const ComputeChoice& compute = {});

  ~BaseModel();
  BaseModel(const BaseModel&) = delete;
  BaseModel& operator=(const BaseModel&) = delete;

  const BaseModelInfo& info() const { return info_; }
  const ClipTokenizer& tokenizer() const { return tokenizer_; }
  // The networks, for the engine alone (engine/model/model_parts.h).
  const ModelParts& parts() const { return *parts_; }

 private:
  BaseModel(BaseModelInfo info, ClipTokenizer tokenizer, std::unique_ptr<const ModelParts> parts);

  BaseModelInfo info_;
  ClipTokenizer tokenizer_;
  std::unique_ptr<const ModelParts> parts_;
};

}  // namespace imprint::engine
