// Reference sets: pictures with their rights.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/registry.pb.h>

#include "rpc/page.h"
#include "services/registry/picture_check.h"
#include "services/registry/recorded_blobs.h"
#include "storage/database.h"

namespace imprint::registry {

// Returns INVALID_ARGUMENT naming the field, under `prefix`, that is missing or contradicts
// another.
absl::Status CheckRights(absl::string_view prefix, const v1::Rights& rights);

// Thread-safe.
class ReferenceSets {
 public:
  using Header = v1::CreateReferenceSetRequest::ReferenceSetHeader;
  using PictureHeader = v1::CreateReferenceSetRequest::PictureHeader;

  // A set that is being uploaded, picture by picture; nothing is visible before Finish. Every
  // INVALID_ARGUMENT names the field or the picture.
  class Upload {
   public:
    static absl::StatusOr<Upload> Begin(ReferenceSets& sets, const Header& header);
    absl::Status BeginPicture(const PictureHeader& header);
    absl::Status Append(absl::string_view bytes);
    // Commits the set. Refuses it if less or more arrived than the headers announced: the stream of
    // an upload that broke off may end like any other.
    absl::StatusOr<v1::ReferenceSet> Finish();

   private:
    Upload(ReferenceSets& sets, Header header) : sets_(&sets), header_(std::move(header)) {}
    absl::Status EndPicture();
    absl::Status WrongCount(size_t got) const;
    absl::Status WrongSize() const;

    ReferenceSets* sets_;
    Header header_;
    std::vector<CheckedPicture> pictures_;
    std::vector<RecordedBlobs::Held> files_;
    // The picture that is being received.
    std::optional<PictureHeader> picture_;
    std::unique_ptr<BlobStore::Writer> file_;
    int64_t received_ = 0;
  };

  ReferenceSets(Database& database, RecordedBlobs& blobs, PictureMemory& memory)
      : database_(database), blobs_(blobs), memory_(memory) {}

  absl::StatusOr<v1::ReferenceSet> Get(const std::string& name);
  // Lists sets, newest first.
  absl::StatusOr<std::vector<v1::ReferenceSet>> List(const Page& page, std::string& next);
  // Deletes the set and its files. Its rights stay with the versions that were taught from it,
  // which the response names. Returns FAILED_PRECONDITION while a valid ticket reads it, and
  // ABORTED if `etag` is set and is not the set's.
  absl::StatusOr<v1::DeleteReferenceSetResponse> Delete(const std::string& name,
                                                        const std::string& etag = "");

  // Returns the original file of the set's picture at `place`.
  absl::StatusOr<Blob> Original(const v1::ReferenceSet& set, int place);

 private:
  absl::StatusOr<v1::ReferenceSet> Create(const Header& header,
                                          const std::vector<CheckedPicture>& pictures);

  Database& database_;
  RecordedBlobs& blobs_;
  PictureMemory& memory_;
};

}  // namespace imprint::registry
