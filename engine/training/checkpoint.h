// A training's whole state, from which any process goes on exactly: four matrices of a few
// kilobytes, and four bytes a step. Needs no LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace imprint {

struct TrainingCheckpoint {
  int64_t step = 0;  // updates done
  int64_t vectors = 0;
  int64_t width = 0;
  // Each [vectors, width], row-major.
  std::vector<float> rows;
  std::vector<float> first_moment;
  std::vector<float> second_moment;
  // Of the rows over the steps that count towards the embedding (TrainingRecipe::average).
  std::vector<float> row_sum;
  // The losses of the steps done.
  std::vector<float> losses;
  // What the run is of ("base_model", "pictures", "recipe.seed", ...): a checkpoint of another run
  // must not be continued.
  std::map<std::string, std::string> run;
};

// A safetensors file. The same state gives the same bytes.
std::string SerializeCheckpoint(const TrainingCheckpoint& checkpoint);

// INVALID_ARGUMENT, beginning with `origin`, if the bytes are no checkpoint of ours or are damaged.
absl::StatusOr<TrainingCheckpoint> ParseCheckpoint(std::span<const std::byte> bytes,
                                                   const std::string& origin);

// INVALID_ARGUMENT naming the first thing in which the checkpoint's run differs from `run`.
absl::Status CheckSameRun(const TrainingCheckpoint& checkpoint,
                          const std::map<std::string, std::string>& run);

}  // namespace imprint
