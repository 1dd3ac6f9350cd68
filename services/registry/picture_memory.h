// Decoding what callers send, within memory that all of them share.
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

  // imprint_memory_*{what="pictures"}; `metrics` must outlive it.
  void Show(Metrics& metrics) { budget_.Show("pictures", metrics); }

  // Holds its memory until it is destroyed: no longer than the pixels are looked at, and never
  // while another is decoded.
  struct Picture {
    DecodedPicture decoded;
    ByteBudget::Share memory;
  };

  // Waits for the pictures of others, half a minute at most. Errors are those of DecodePicture, and
  // RESOURCE_EXHAUSTED: with RetryInfo where others took longer, without where this picture alone
  // would take more than there is.
  absl::StatusOr<Picture> Decode(std::span<const std::byte> bytes);

 private:
  ByteBudget budget_;
};

}  // namespace imprint::registry
