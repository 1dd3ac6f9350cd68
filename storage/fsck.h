// The command line of a server's check of its data folder:
//   imprint-registry --fsck [--json] --data FOLDER
#pragma once

#include <filesystem>
#include <functional>

#include "absl/status/statusor.h"

#include "storage/folder_report.h"

namespace imprint {

using CheckFolder = std::function<absl::StatusOr<FolderReport>(const std::filesystem::path&)>;

// Returns whether the command line asks for it.
bool AsksForFsck(int argc, char** argv);

// Runs it and prints what was found to standard output. Returns main's result: 0 if the folder is
// clean, 1 if not, 2 if it cannot be checked, with the reason on standard error.
int RunFsck(int argc, char** argv, const CheckFolder& check);

}  // namespace imprint
