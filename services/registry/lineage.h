// The lineage: which versions were taught from which pictures, and which image sets were drawn with
// which versions. All calls run within a transaction. Private to services/registry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include <imprint/v1/registry.pb.h>
#include <soci/soci.h>

namespace imprint::registry {

// Lists of names are sorted by name and hold at most 1000.

// Returns the versions that were taught from a reference set, given by its id, and are not deleted.
std::vector<std::string> EmbeddingsOf(soci::session& sql, const std::string& reference_set);

// Returns the image sets that were drawn with versions taught from a reference set, deleted
// versions included.
std::vector<std::string> ImageSetsOf(soci::session& sql, const std::string& reference_set);

// Returns the image sets that were drawn with a version.
std::vector<std::string> ImageSetsOf(soci::session& sql, int64_t embedding);

// To be called before the set is deleted. Copies its rights to those of its versions that do not
// have them yet (those from before rights were part of the lineage). From then on no version
// belongs to a set with that id, which another set may take.
absl::Status PartFrom(soci::session& sql, const std::string& reference_set,
                      const v1::Rights& rights);

// Records which versions an image set is drawn with. Returns FAILED_PRECONDITION if one of them may
// not be used, and NOT_FOUND naming `spec.embeddings`.
absl::Status NoteEmbeddings(soci::session& sql, int64_t image_set, const v1::ImageSetSpec& spec);

// Returns FAILED_PRECONDITION if a version that the image set is drawn with may not be used.
absl::Status CheckDrawable(soci::session& sql, const std::string& image_set);

// Voids the tickets of every image set that is being drawn with the version.
void VoidTicketsOf(soci::session& sql, int64_t embedding);

}  // namespace imprint::registry
