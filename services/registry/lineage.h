// What stems from what: versions from the pictures that they were taught from, image sets from the
// versions that they were drawn with. All within a transaction. Private to services/registry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include <imprint/v1/registry.pb.h>
#include <soci/soci.h>

namespace imprint::registry {

// Names are by name, at most 1000.

// Versions that were taught from a reference set, by its id, and are not deleted.
std::vector<std::string> EmbeddingsOf(soci::session& sql, const std::string& reference_set);

// Image sets that these drew.
std::vector<std::string> ImageSetsOf(soci::session& sql, const std::string& reference_set);

// Image sets that a version drew.
std::vector<std::string> ImageSetsOf(soci::session& sql, int64_t embedding);

// Before the set goes: gives its rights to those of its versions that do not have them yet, as
// versions of before rights were part of the lineage. From then on none of them is of a set with
// that id: it may become another's.
absl::Status PartFrom(soci::session& sql, const std::string& reference_set,
                      const v1::Rights& rights);

// Notes which versions an image set is drawn with. FAILED_PRECONDITION if one of them may not be
// used; NOT_FOUND naming `spec.embeddings`.
absl::Status NoteEmbeddings(soci::session& sql, int64_t image_set, const v1::ImageSetSpec& spec);

// FAILED_PRECONDITION if a version that the image set is drawn with may not be used.
absl::Status CheckDrawable(soci::session& sql, const std::string& image_set);

// Voids the tickets of every image set that is being drawn with the version.
void VoidTicketsOf(soci::session& sql, int64_t embedding);

}  // namespace imprint::registry
