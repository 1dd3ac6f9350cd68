// Transfers files to and from the registry.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint/client/gateway.h"

namespace imprint::cli {

struct ReferenceUpload {
  std::vector<std::filesystem::path> pictures;
  std::string title;
  v1::Rights rights;
  std::string request_id;
};

// Uploads the pictures unchanged. An error about a picture names it.
absl::StatusOr<v1::ReferenceSet> UploadReferences(Gateway& gateway, const ReferenceUpload& upload);

// Download a version's file and a picture's. They return DATA_LOSS if what arrived is not what was
// sent.
absl::StatusOr<std::string> DownloadEmbedding(Gateway& gateway, const std::string& name);
absl::StatusOr<std::string> DownloadItem(Gateway& gateway, const std::string& name);

}  // namespace imprint::cli
