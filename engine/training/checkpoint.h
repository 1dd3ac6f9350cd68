// The complete state of a training, from which any process can continue exactly: four matrices of a
// few kilobytes, and four bytes per step. Needs no LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace imprint::engine {

struct TrainingCheckpoint {
  int64_t step = 0;  // updates done
  int64_t vectors = 0;
  int64_t width = 0;
  // Each [vectors, width], row-major.
  std::vector<float> rows;
  std::vector<float> first_moment;
  std::vector<float> second_moment;
  // The sum of the rows over the steps that count towards the embedding (TrainingRecipe::average).
  std::vector<float> row_sum;
  // The losses of the steps done.
  std::vector<float> losses;
  // What identifies the run ("base_model", "pictures", "recipe.seed", ...): another run must not
  // continue this checkpoint.
  std::map<std::string, std::string> run;
};

// Serializes the checkpoint as a safetensors file. Deterministic: the same state gives the same
// bytes.
std::string SerializeCheckpoint(const TrainingCheckpoint& checkpoint);

// Parses a serialized checkpoint. INVALID_ARGUMENT, beginning with `origin`, if the bytes are not a
// checkpoint of ours or are damaged.
absl::StatusOr<TrainingCheckpoint> ParseCheckpoint(std::span<const std::byte> bytes,
                                                   const std::string& origin);

// Returns INVALID_ARGUMENT naming the first entry in which the checkpoint's run differs from `run`.
absl::Status CheckSameRun(const TrainingCheckpoint& checkpoint,
                          const std::map<std::string, std::string>& run);

}  // namespace imprint::engine
