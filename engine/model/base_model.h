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

#include "engine/devices/compute_choice.h"
#include "orders/solver_choice.h"
#include "text/clip_tokenizer.h"

namespace imprint {

struct ModelParts;

// What a model is, in words for people and records.
struct BaseModelInfo {
  std::string folder;
  // SHA-256 of the weights of text encoder, UNet and VAE: what drawing the same picture again
  // needs.
  std::string fingerprint;
  // "family:width:hash of the token table rounded to fp16": what decides whether an embedding fits.
  // Families: sd1 (width 768), sd2 (1024), other.
  std::string text_encoder_identity;
  int embedding_width;     // numbers in one token's vector
  int prompt_tokens;       // that fit into a prompt, start and end included
  int picture_size;        // side of the square that the model was trained at, in pixels
  int size_multiple;       // sides of pictures must be multiples of this
  std::string prediction;  // "epsilon" or "v_prediction"
  int training_timesteps;
  SolverChoice solver;     // that its configuration asks for
  ComputeChoice compute;   // where and in which numbers it computes
  double mean_token_norm;  // L2, over the vocabulary
  bool has_safety_checker;
  std::map<std::string, int64_t> parameters;  // by component
  int text_layers;                            // of the text encoder
  // Why `solver` is another than the configuration's; else empty.
  std::string solver_instead;
  // The fields by which the configuration asks solvers for what ours do not do, by solver's name.
  std::map<std::string, std::vector<std::string>> fields_not_honoured;
  // What is to be said wherever work with the model begins: damage, and what its files leave open.
  std::vector<std::string> warnings;
  // What `info` says beside.
  std::vector<std::string> remarks;
  // Tensors, parts and fields of its files that nothing looks at.
  std::vector<std::string> passed_over;
  // Where a weight is no number, that the model is damaged, with its tensor and file; else empty.
  std::string damage;
};

// Immutable; thread-safe.
class BaseModel {
 public:
  // Loads a Diffusers folder or a single file in the original layout onto a device. The UNet
  // computes in the precision that was chosen, and so does the VAE, but for fp16, whose largest
  // number is smaller than what goes through a VAE; text encoder and safety checker compute in fp32
  // always. NOT_FOUND or INVALID_ARGUMENT naming the file, the field or the tensors at fault;
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

}  // namespace imprint
