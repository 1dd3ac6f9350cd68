// The identity of callers.
#pragma once

namespace imprint::gateway {

// The tenant of every caller, until callers bring credentials.
inline constexpr const char* kTenant = "default";

}  // namespace imprint::gateway
