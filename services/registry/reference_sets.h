// Pictures with their rights.
#pragma once

#include <cstdint>
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

namespace imprint {

// INVALID_ARGUMENT naming the field that is missing or contradicts another, under `prefix`.
absl::Status CheckRights(absl::string_view prefix, const v1::Rights& rights);

// Thread-safe.
class ReferenceSets {
 public:
  using Header = v1::CreateReferenceSetRequest::ReferenceSetHeader;

  // A set that is being uploaded, picture by picture; nothing is visible before Finish.
  class Upload {
   public:
    // INVALID_ARGUMENT naming the field of the header.
    static absl::StatusOr<Upload> Begin(ReferenceSets& sets, const Header& header);
    absl::Status BeginPicture(const std::string& file_name);
    absl::Status Append(absl::string_view bytes);
    absl::StatusOr<v1::ReferenceSet> Finish();

   private:
    Upload(ReferenceSets& sets, Header header) : sets_(&sets), header_(std::move(header)) {}
    absl::Status EndPicture();

    ReferenceSets* sets_;
    Header header_;
    std::vector<CheckedPicture> pictures_;
    std::vector<RecordedBlobs::Held> files_;
    std::string file_name_;
    std::string content_;
    bool in_picture_ = false;
  };

  ReferenceSets(Database& database, RecordedBlobs& blobs) : database_(database), blobs_(blobs) {}

  absl::StatusOr<v1::ReferenceSet> Get(const std::string& name);
  // Newest first.
  absl::StatusOr<std::vector<v1::ReferenceSet>> List(const Page& page, std::string& next);
  // And its files. FAILED_PRECONDITION while a ticket that is good reads it; ABORTED if `etag` is
  // set and not the set's.
  absl::Status Delete(const std::string& name, const std::string& etag = "");

  // The original file of one picture.
  absl::StatusOr<std::string> Original(const v1::ReferencePicture& picture);

 private:
  absl::StatusOr<v1::ReferenceSet> Create(const Header& header,
                                          const std::vector<CheckedPicture>& pictures);

  Database& database_;
  RecordedBlobs& blobs_;
};

}  // namespace imprint
