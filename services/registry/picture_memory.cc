#include "services/registry/picture_memory.h"

#include <utility>

#include "base/status_macros.h"

namespace imprint::registry {
namespace {

// Enough for some tens of the slowest pictures that pass the limits.
constexpr absl::Duration kPatience = absl::Seconds(30);

}  // namespace

absl::StatusOr<PictureMemory::Picture> PictureMemory::Decode(std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(const int64_t needed, BytesToDecode(bytes));
  ASSIGN_OR_RETURN(ByteBudget::Share memory, budget_.Take(needed, kPatience));
  ASSIGN_OR_RETURN(DecodedPicture decoded, DecodePicture(bytes));
  return Picture{.decoded = std::move(decoded), .memory = std::move(memory)};
}

}  // namespace imprint::registry
