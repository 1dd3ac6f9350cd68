// Sets of pictures that are drawn together. A set is open while its job draws it, and each item is
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
    // Returns PERMISSION_DENIED if the ticket is void or not for drawing, and INVALID_ARGUMENT
    // naming the field.
    static absl::StatusOr<Upload> Begin(ImageSets& sets,
                                        const v1::UploadItemRequest::ItemHeader& header);
    absl::Status Append(absl::string_view bytes);
    // Checks the ticket again, in the transaction that commits, and returns the item. An item that
    // its index already has stays as it is and is returned instead; otherwise `committed` is set to
    // true.
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

  absl::StatusOr<v1::Item> GetItem(const std::string& name);
  // Lists items by index.
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
