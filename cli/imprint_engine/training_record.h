// training.json: what a training was asked to do and what came of it. It lies beside the embedding
// from the first moment, so that `teach --resume` needs nothing else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/imprint_engine/reference_folder.h"
#include <nlohmann/json.hpp>

#include "formats/embedding_layout.h"
#include "orders/compute_options.h"
#include "orders/training_settings.h"

namespace imprint::cli {

inline constexpr const char* kTrainingRecordName = "training.json";

// What `teach` was asked to do, as given and checked.
struct TeachOrder {
  std::filesystem::path model;
  std::vector<std::filesystem::path> pictures;
  std::vector<std::string> picture_sha256;
  TrainingSettings settings;
  // The layout of the embedding's file.
  EmbeddingLayout layout = EmbeddingLayout::kDiffusers;
  // What each rank computes with; a gang's device is the first rank's.
  ComputeOptions compute;
  // Processes that share the training.
  int ranks = 1;
};

nlohmann::json ToJson(const TeachOrder& order);

// The state of a training. One that was killed stays kRunning in its record.
enum class TrainingState { kRunning, kInterrupted, kFinished };

absl::string_view Name(TrainingState state);

// The part of a training.json that resuming needs.
struct TrainingRecord {
  TrainingState state;
  TeachOrder order;
};

// Returns the embedding's file in the folder of that training, which must be a name that can be
// written: see EmbeddingFileName.
std::filesystem::path EmbeddingIn(const std::filesystem::path& folder, const TeachOrder& order);

// Returns the same for a folder that `teach` left, by its training.json if there is one.
std::filesystem::path EmbeddingIn(const std::filesystem::path& folder);
// Returns an embedding's file, given itself or such a folder.
std::filesystem::path EmbeddingFile(const std::filesystem::path& given);

// Reads a training.json. Errors name file and field.
absl::StatusOr<TrainingRecord> ReadTrainingRecord(const std::filesystem::path& training_json);

}  // namespace imprint::cli
