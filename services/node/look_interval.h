// How often a handler that waits looks whether its caller is still there.
#pragma once

#include "absl/time/time.h"

namespace imprint::node {

// gRPC does not wake a synchronous handler when its caller has gone, so it has to look.
inline constexpr absl::Duration kLookInterval = absl::Milliseconds(200);

}  // namespace imprint::node
