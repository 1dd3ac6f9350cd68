// The pictures of image sets. Each is committed once, by its index, while its set is open; one that
// the safety checker blocked is an item without a file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/registry.pb.h>
#include <imprint/v1/transfer.pb.h>

#include "rpc/page.h"
#include "services/registry/picture_memory.h"
#include "services/registry/recorded_blobs.h"
#include "storage/database.h"

namespace imprint::registry {

// Thread-safe.
class Items {
 public:
  // An item that is being uploaded; nothing is visible before Finish.
  class Upload {
   public:
    // Returns PERMISSION_DENIED if the ticket is void or not for drawing, and INVALID_ARGUMENT
    // naming the field.
    static absl::StatusOr<Upload> Begin(Items& items,
                                        const v1::UploadItemRequest::ItemHeader& header);
    absl::Status Append(absl::string_view bytes);
    // Checks the ticket again, in the transaction that commits, and returns the item. An item that
    // its index already has stays as it is and is returned instead; otherwise `committed` is set to
    // true.
    absl::StatusOr<v1::Item> Finish(bool& committed);

   private:
    Upload(Items& items, v1::UploadItemRequest::ItemHeader header)
        : items_(&items), header_(std::move(header)) {}

    Items* items_;
    v1::UploadItemRequest::ItemHeader header_;
    std::unique_ptr<BlobStore::Writer> file_;
    int64_t received_ = 0;
  };

  Items(Database& database, RecordedBlobs& blobs, PictureMemory& memory)
      : database_(database), blobs_(blobs), memory_(memory) {}

  // Returns NOT_FOUND if there is no such set, or no such item in it yet.
  absl::StatusOr<v1::Item> Get(const std::string& name);
  absl::StatusOr<v1::Item> Get(const std::string& set, const std::string& key);
  // Lists items by index.
  absl::StatusOr<std::vector<v1::Item>> List(const std::string& set, const Page& page,
                                             std::string& next);
  // Returns the picture's file. Returns FAILED_PRECONDITION if it was blocked.
  absl::StatusOr<Blob> Content(const v1::Item& item);

 private:
  Database& database_;
  RecordedBlobs& blobs_;
  PictureMemory& memory_;
};

}  // namespace imprint::registry
