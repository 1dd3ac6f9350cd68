// Ports on loopback for servers that keep them over restarts.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"

namespace imprint::cli {

// Different ports that nothing listens at now. They lie below those that the system hands out for
// outgoing connections: while a server is away, a client that tries to reach it could otherwise be
// given the very port that it calls, and keep the server out. UNAVAILABLE if there are not so many.
absl::StatusOr<std::vector<int>> FindFreePorts(size_t count);

}  // namespace imprint::cli
