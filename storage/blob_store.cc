#include "storage/blob_store.h"

#include "base/status_macros.h"

namespace imprint {

absl::StatusOr<std::string> BlobStore::Put(absl::string_view bytes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Writer> writer, NewWriter());
  RETURN_IF_ERROR(writer->Append(bytes));
  ASSIGN_OR_RETURN(const Writer::Sealed sealed, writer->Seal());
  RETURN_IF_ERROR(writer->Commit());
  return sealed.sha256;
}

}  // namespace imprint
