#include "engine/training/checkpoint.h"

#include <cmath>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/safetensors.h"

namespace imprint::engine {
namespace {

constexpr const char* kStep = "imprint.step";
constexpr const char* kRunPrefix = "imprint.run.";

absl::StatusOr<std::vector<float>> ReadTensor(const TensorViews& tensors, const char* name,
                                              size_t dimensions) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " is missing"));
  }
  const TensorView& view = found->second;
  if (view.type != DType::kF32 || view.shape.size() != dimensions) {
    return FieldError(absl::StrCat("tensor ", name), Describe(view),
                      absl::StrCat("F32 of ", dimensions, " dimensions"));
  }
  std::vector<float> values(view.data.size() / sizeof(float));
  std::memcpy(values.data(), view.data.data(), view.data.size());
  for (const float value : values) {
    if (!std::isfinite(value)) {
      return FieldError(absl::StrCat("tensor ", name), absl::StrCat(value), "finite numbers");
    }
  }
  return values;
}

absl::StatusOr<TrainingCheckpoint> Read(std::span<const std::byte> bytes) {
  TensorViews tensors;
  TensorMetadata metadata;
  RETURN_IF_ERROR(ParseSafetensors(bytes, "not a checkpoint", tensors, metadata));
  TrainingCheckpoint checkpoint;
  ASSIGN_OR_RETURN(checkpoint.rows, ReadTensor(tensors, "rows", 2));
  ASSIGN_OR_RETURN(checkpoint.first_moment, ReadTensor(tensors, "first_moment", 2));
  ASSIGN_OR_RETURN(checkpoint.second_moment, ReadTensor(tensors, "second_moment", 2));
  ASSIGN_OR_RETURN(checkpoint.row_sum, ReadTensor(tensors, "row_sum", 2));
  ASSIGN_OR_RETURN(checkpoint.losses, ReadTensor(tensors, "losses", 1));
  const std::vector<int64_t>& shape = tensors.at("rows").shape;
  checkpoint.vectors = shape[0];
  checkpoint.width = shape[1];
  for (const char* name : {"first_moment", "second_moment", "row_sum"}) {
    if (tensors.at(name).shape != shape) {
      return FieldError(absl::StrCat("tensor ", name), Describe(tensors.at(name)),
                        absl::StrCat("the shape of rows, ", Describe(tensors.at("rows"))));
    }
  }
  if (!absl::SimpleAtoi(metadata[kStep], &checkpoint.step) || checkpoint.step < 0 ||
      checkpoint.losses.size() != static_cast<size_t>(checkpoint.step)) {
    return FieldError(kStep, Quoted(metadata[kStep]),
                      absl::StrCat("the number of losses, ", checkpoint.losses.size()));
  }
  for (const auto& [key, value] : metadata) {
    if (key.starts_with(kRunPrefix)) checkpoint.run[key.substr(strlen(kRunPrefix))] = value;
  }
  return checkpoint;
}

}  // namespace

std::string SerializeCheckpoint(const TrainingCheckpoint& checkpoint) {
  const std::vector<int64_t> shape = {checkpoint.vectors, checkpoint.width};
  const auto matrix = [&](const std::vector<float>& values) {
    return TensorView{DType::kF32, shape, std::as_bytes(std::span(values))};
  };
  TensorMetadata metadata = {{kStep, absl::StrCat(checkpoint.step)}};
  for (const auto& [key, value] : checkpoint.run) metadata[absl::StrCat(kRunPrefix, key)] = value;
  return SerializeSafetensors({{"rows", matrix(checkpoint.rows)},
                               {"first_moment", matrix(checkpoint.first_moment)},
                               {"second_moment", matrix(checkpoint.second_moment)},
                               {"row_sum", matrix(checkpoint.row_sum)},
                               {"losses",
                                {DType::kF32,
                                 {static_cast<int64_t>(checkpoint.losses.size())},
                                 std::as_bytes(std::span(checkpoint.losses))}}},
                              metadata);
}

absl::StatusOr<TrainingCheckpoint> ParseCheckpoint(std::span<const std::byte> bytes,
                                                   const std::string& origin) {
  absl::StatusOr<TrainingCheckpoint> checkpoint = Read(bytes);
  if (!checkpoint.ok()) return InContext(origin, checkpoint.status());
  return checkpoint;
}

absl::Status CheckSameRun(const TrainingCheckpoint& checkpoint,
                          const std::map<std::string, std::string>& run) {
  for (const auto& [key, value] : run) {
    const auto found = checkpoint.run.find(key);
    const std::string given = found == checkpoint.run.end() ? "" : found->second;
    if (given != value) {
      return FieldError(absl::StrCat("checkpoint: ", key), Quoted(given),
                        absl::StrCat(Quoted(value), ", as in this run; it belongs to another"));
    }
  }
  return absl::OkStatus();
}

}  // namespace imprint::engine
