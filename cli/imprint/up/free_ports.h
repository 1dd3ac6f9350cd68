// Finds loopback ports for servers that keep them across restarts.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"

namespace imprint::cli {

// Returns distinct ports that nothing listens on now. They lie below the range that the system uses
// for outgoing connections: while a server is down, a client that tries to reach it could otherwise
// be given the very port that it calls, and keep the server out. Returns UNAVAILABLE if there are
// not enough.
absl::StatusOr<std::vector<int>> FindFreePorts(size_t count);

}  // namespace imprint::cli
