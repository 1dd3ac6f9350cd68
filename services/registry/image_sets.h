// Pictures that are drawn together: a set is open while its job draws it, and each item is
// committed once, by its index.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/registry.pb.h>
#include <imprint/v1/transfer.pb.h>

#include "rpc/page.h"
#include "services/registry/base_models.h"
#include "services/registry/picture_memory.h"
#include "services/registry/recorded_blobs.h"
#include "storage/database.h"

namespace imprint::registry {

// Thread-safe.
class ImageSets {
 public:
  // An item that is being uploaded; nothing is visible before Finish.
  class Upload {
   public:
    // PERMISSION_DENIED if the ticket is void or not for drawing; INVALID_ARGUMENT naming the
    // field.
    static absl::StatusOr<Upload> Begin(ImageSets& sets,
                                        const v1::UploadItemRequest::ItemHeader& header);
    absl::Status Append(absl::string_view bytes);
    // Checks the ticket again, in the transaction that commits. An index that is there already
    // stays as it is, and is what is given; otherwise `committed` becomes true.
    absl::StatusOr<v1::Item> Finish(bool& committed);

   private:
    Upload(ImageSets& sets, v1::UploadItemRequest::ItemHeader header)
        : sets_(&sets), header_(std::move(header)) {}

    ImageSets* sets_;
    v1::UploadItemRequest::ItemHeader header_;
    std::unique_ptr<BlobStore::Writer> file_;
    int64_t received_ = 0;
  };

  ImageSets(Database& database, RecordedBlobs& blobs, BaseModels& models, PictureMemory& memory)
      : database_(database), blobs_(blobs), models_(models), memory_(memory) {}

  // Open, named as spec.image_set says or by the registry. Idempotent by job. FAILED_PRECONDITION
  // if the job's tickets were revoked, or an embedding may not be used.
  absl::StatusOr<v1::ImageSet> Create(const v1::CreateImageSetRequest& request);
  absl::StatusOr<v1::ImageSet> Close(const std::string& name, v1::ImageSetState state);

  absl::StatusOr<v1::ImageSet> Get(const std::string& name);
  // Newest first.
  absl::StatusOr<std::vector<v1::ImageSet>> List(const Page& page, std::string& next);
  // And its items. FAILED_PRECONDITION while it is open; ABORTED if `etag` is set and not the
  // set's.
  absl::Status Delete(const std::string& name, const std::string& etag = "");

  absl::StatusOr<v1::Item> GetItem(const std::string& name);
  // By index.
  absl::StatusOr<std::vector<v1::Item>> ListItems(const std::string& set, const Page& page,
                                                  std::string& next);
  absl::StatusOr<Blob> Content(const v1::Item& item);

 private:
  Database& database_;
  RecordedBlobs& blobs_;
  BaseModels& models_;
  PictureMemory& memory_;
};

}  // namespace imprint::registry
