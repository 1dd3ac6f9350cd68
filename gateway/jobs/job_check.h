// Checks that a gateway's records are intact: imprint-gateway --fsck.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

#include "storage/folder_report.h"

namespace imprint::gateway {

// Checks the data folder of a gateway that is not running, without writing to it. Errors name
// `data`: FAILED_PRECONDITION while a gateway holds it, NOT_FOUND if it has no gateway.db.
absl::StatusOr<FolderReport> CheckGatewayFolder(const std::filesystem::path& data);

}  // namespace imprint::gateway
