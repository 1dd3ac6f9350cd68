// One image set as the database stores it. Private to services/registry.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include <imprint/v1/registry.pb.h>
#include <soci/soci.h>

namespace imprint::registry {

// What it takes to add an item. The rest may be megabytes, which no upload should have to parse.
struct ImageSetBrief {
  int64_t number = 0;
  std::string id;
  int state = 0;
  int64_t total = 0;  // items that it will have
};

struct ImageSetRow : ImageSetBrief {
  v1::ImageSet body;    // without state, counts and etag
  int64_t done = 0;     // items that are committed, those that are blocked among them
  int64_t blocked = 0;  // by the safety checker: without a file
  int64_t version = 0;  // the etag
};

// Finds a set by its id, or the one that a job draws. Returns NOT_FOUND.
absl::StatusOr<ImageSetRow> FindImageSet(soci::session& sql, const std::string& id);
absl::StatusOr<ImageSetRow> FindImageSetOfJob(soci::session& sql, const std::string& job);
absl::StatusOr<ImageSetBrief> FindImageSetBrief(soci::session& sql, const std::string& id);

// Returns the set as callers see it.
v1::ImageSet Full(ImageSetRow row);

}  // namespace imprint::registry
