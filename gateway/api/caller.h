// Who calls.
#pragma once

namespace imprint::gateway {

// Until callers bring credentials, they are all this tenant.
inline constexpr const char* kTenant = "default";

}  // namespace imprint::gateway
