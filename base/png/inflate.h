// Inflates bytes within a limit.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace imprint {

// Returns the content of a zlib stream (RFC 1950); bytes after its end do not matter.
// INVALID_ARGUMENT if it is damaged, ends early, or holds more than `limit` bytes, beyond which
// nothing is inflated.
absl::StatusOr<std::string> Inflate(std::span<const std::byte> stream, size_t limit);

}  // namespace imprint
