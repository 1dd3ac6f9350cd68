// Decodes what callers send, within memory that all of them share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"

#include "imaging/decode.h"
#include "services/server/byte_budget.h"

namespace imprint::registry {

// Thread-safe. Must outlive what it decodes.
class PictureMemory {
 public:
  explicit PictureMemory(int64_t bytes) : budget_("pictures that are decoded", bytes) {}

  // Exports imprint_memory_*{what="pictures"}; `metrics` must outlive it.
  void Show(Metrics& metrics) { budget_.Show("pictures", metrics); }

  // Holds its memory until it is destroyed. Keep it no longer than the pixels are needed, and never
  // while another picture is decoded.
  struct Picture {
    DecodedPicture decoded;
    ByteBudget::Share memory;
  };

  // Decodes a picture, waiting half a minute at most for memory that others hold. Errors are those
  // of DecodePicture, and RESOURCE_EXHAUSTED: with RetryInfo if others took longer, without it if
  // this picture alone would exceed the budget.
  absl::StatusOr<Picture> Decode(std::span<const std::byte> bytes);

 private:
  ByteBudget budget_;
};

}  // namespace imprint::registry
