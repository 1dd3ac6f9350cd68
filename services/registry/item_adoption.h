// Takes over items of an earlier set: what a plan had before it grew need not be drawn again.
#pragma once

#include <string>

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
  // the new ones. Left to be drawn is what was blocked, and what no safety checker saw; all, if the
  // earlier set is gone.
  // Returns PERMISSION_DENIED if the ticket is void or not for these items, and INVALID_ARGUMENT
  // naming the field.
  absl::StatusOr<v1::AdoptItemsResponse> Adopt(const v1::AdoptItemsRequest& request);

 private:
  // Returns the id of the set that the ticket's set extends; empty if it extends none.
  absl::StatusOr<std::string> ExtendedBy(const std::string& token);

  Database& database_;
};

}  // namespace imprint::registry
