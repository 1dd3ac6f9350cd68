// Whether a gateway's records are whole: imprint-gateway --fsck.
#pragma once

#include <filesystem>

#include "absl/status/statusor.h"

#include "storage/folder_report.h"

namespace imprint::gateway {

// Of the data folder of a gateway that does not run; nothing is written there. Errors name `data`:
// FAILED_PRECONDITION while a gateway has it, NOT_FOUND if it has no gateway.db.
absl::StatusOr<FolderReport> CheckGatewayFolder(const std::filesystem::path& data);

}  // namespace imprint::gateway
