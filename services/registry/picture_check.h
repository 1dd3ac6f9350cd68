// Checks reference pictures: each must decode, and must not be a copy of another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/registry.pb.h>

namespace imprint::registry {

class PictureMemory;

struct CheckedPicture {
  v1::ReferencePicture picture;
  // A difference hash (Krawetz 2013, "Kind of Like That"): 64 bits that say where the picture gets
  // brighter from left to right, on a grid of 9 × 8. Similar pictures have similar bits.
  uint64_t difference_hash = 0;
  // Warnings for whoever sent it, each with the picture's name.
  std::vector<std::string> warnings;
};

// Returns INVALID_ARGUMENT naming the file and what is wrong with it, and RESOURCE_EXHAUSTED,
// naming the file, too, if there is no memory to decode it.
absl::StatusOr<CheckedPicture> CheckReferencePicture(const std::string& file_name,
                                                     absl::string_view content,
                                                     PictureMemory& memory);

// Checks the set as a whole. Returns INVALID_ARGUMENT if a file is there twice. Otherwise returns
// the warnings: one for each pair of near-duplicates, one for each small picture, and those of
// single pictures.
absl::StatusOr<std::vector<std::string>> CheckReferenceSet(
    const std::vector<CheckedPicture>& pictures);

}  // namespace imprint::registry
