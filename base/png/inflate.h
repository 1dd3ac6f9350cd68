// Deflated bytes, within a limit.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/statusor.h"

namespace imprint {

// What a zlib stream (RFC 1950) holds; bytes after its end do not matter. INVALID_ARGUMENT if it is
// damaged, ends early, or holds more than `limit` bytes, of which no more are made.
absl::StatusOr<std::string> Inflate(std::span<const std::byte> stream, size_t limit);

}  // namespace imprint
