// Who calls.
#pragma once

namespace imprint {

// Until callers bring credentials, they are all this tenant.
inline constexpr const char* kTenant = "default";

}  // namespace imprint
