// Takes over items of an earlier set: what a plan had before it grew need not be drawn again.
#pragma once

#include "absl/status/statusor.h"
#include <imprint/v1/transfer.pb.h>

#include "storage/database.h"

namespace imprint::registry {

// Thread-safe.
class ItemAdoption {
 public:
  explicit ItemAdoption(Database& database) : database_(database) {}

  // Commits those of the items that the set which the ticket's set extends has under their keys,
  // drawn as they would be drawn now: from the same prompt, the same settings, and the same seed or
  // one of the spare ones. Returns them and those that were there before. Alternative texts are
  // the new ones; items that were blocked are left to be drawn. None if the earlier set is gone.
  // Returns PERMISSION_DENIED if the ticket is void or not for these items, and INVALID_ARGUMENT
  // naming the field.
  absl::StatusOr<v1::AdoptItemsResponse> Adopt(const v1::AdoptItemsRequest& request);

 private:
  Database& database_;
};

}  // namespace imprint::registry
