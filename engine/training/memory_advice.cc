#include "engine/training/memory_advice.h"

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace imprint::engine {
namespace {

// A batch and accumulation of as many samples an update, fewer of them at once.
std::optional<StepShape> SmallerBatch(StepShape shape, const FitsInMemory& fits) {
  const int samples = shape.batch * shape.accumulation;
  const int given = shape.batch;
  for (int batch = given - 1; batch >= 1; --batch) {
    if (given % batch != 0) continue;
    shape.batch = batch;
    shape.accumulation = samples / batch;
    if (fits(shape)) return shape;
  }
  return std::nullopt;
}

std::optional<StepShape> SmallerPictures(StepShape shape, int size_multiple,
                                         const FitsInMemory& fits) {
  const int given = shape.side;
  for (const int quarters : {3, 2}) {
    shape.side = given * quarters / 4 / size_multiple * size_multiple;
    if (shape.side > 0 && fits(shape)) return shape;
  }
  return std::nullopt;
}

std::string Batch(const StepShape& shape) {
  return absl::StrCat("batch ", shape.batch, " with accumulation ", shape.accumulation);
}

std::string Advice(const StepShape& given, int size_multiple, Precision precision,
                   const FitsInMemory& fits) {
  if (fits(given))
    return "a step by itself fits: something else took the memory, or what came before";
  if (const auto smaller = SmallerBatch(given, fits)) {
    return absl::StrCat("batch: got ", given.batch, "; ", Batch(*smaller),
                        " is the same training, and fits");
  }
  StepShape shape = given;
  if (!given.gradient_checkpointing) {
    shape.gradient_checkpointing = true;
    const auto found = fits(shape) ? shape : SmallerBatch(shape, fits);
    if (found) {
      return absl::StrCat("gradient-checkpointing: got none; with --gradient-checkpointing, ",
                          Batch(*found), " is the same training, takes a third longer, and fits");
    }
  }
  shape = {.batch = 1,
           .accumulation = given.batch * given.accumulation,
           .side = given.side,
           .gradient_checkpointing = true};
  if (const auto smaller = SmallerPictures(shape, size_multiple, fits)) {
    return absl::StrCat("size: got ", given.side, "; ", smaller->side, " fits, with ",
                        Batch(*smaller), " and gradient checkpointing");
  }
  return absl::StrCat(
      "nothing smaller fits, down to one sample of half the size with gradient checkpointing",
      precision == Precision::kFp32 ? "; precision bf16 takes half the memory of fp32" : "");
}

}  // namespace

bool IsOutOfMemory(const absl::Status& status) {
  return absl::IsResourceExhausted(status) && absl::StartsWith(status.message(), "out of memory");
}

absl::Status WithMemoryAdvice(const absl::Status& status, const StepShape& shape, int size_multiple,
                              Precision precision, const FitsInMemory& fits) {
  if (!IsOutOfMemory(status)) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat(status.message(), "; ", Advice(shape, size_multiple, precision, fits)));
}

}  // namespace imprint::engine
