// Sets of pictures that are drawn together. A set is open while its job draws it; the pictures
// themselves are in items.h.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/registry.pb.h>
#include <imprint/v1/transfer.pb.h>

#include "rpc/page.h"
#include "services/registry/base_models.h"
#include "services/registry/recorded_blobs.h"
#include "storage/database.h"

namespace imprint::registry {

// Thread-safe.
class ImageSets {
 public:
  ImageSets(Database& database, RecordedBlobs& blobs, BaseModels& models)
      : database_(database), blobs_(blobs), models_(models) {}

  // Creates an open set, named by spec.image_set or by the registry. Idempotent by job. Returns
  // FAILED_PRECONDITION if the job's tickets were revoked, or an embedding may not be used.
  absl::StatusOr<v1::ImageSet> Create(const v1::CreateImageSetRequest& request);
  absl::StatusOr<v1::ImageSet> Close(const std::string& name, v1::ImageSetState state);

  absl::StatusOr<v1::ImageSet> Get(const std::string& name);
  // Lists sets, newest first.
  absl::StatusOr<std::vector<v1::ImageSet>> List(const Page& page, std::string& next);
  // Deletes the set and its items. Returns FAILED_PRECONDITION while it is open, and ABORTED if
  // `etag` is set and is not the set's.
  absl::Status Delete(const std::string& name, const std::string& etag = "");

 private:
  Database& database_;
  RecordedBlobs& blobs_;
  BaseModels& models_;
};

}  // namespace imprint::registry
