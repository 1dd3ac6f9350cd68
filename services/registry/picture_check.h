// What a reference picture must be: one that decodes, and no copy of another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/registry.pb.h>

namespace imprint {
class PictureMemory;
}

namespace imprint::registry {

struct CheckedPicture {
  v1::ReferencePicture picture;
  // 64 bits that say where the picture gets brighter from left to right, on a grid of 9 × 8:
  // similar pictures have similar bits (Krawetz 2013, "Kind of Like That": difference hash).
  uint64_t difference_hash = 0;
  // What whoever sent it should know, with its name.
  std::vector<std::string> warnings;
};

// INVALID_ARGUMENT naming the file and what is wrong with it; RESOURCE_EXHAUSTED, too, if there is
// no memory to look at it.
absl::StatusOr<CheckedPicture> CheckReferencePicture(const std::string& file_name,
                                                     absl::string_view content,
                                                     PictureMemory& memory);

// What the whole set needs: INVALID_ARGUMENT for the same file twice; gives a warning for each pair
// of near-duplicates, each picture that is small, and what is to be known of single ones.
absl::StatusOr<std::vector<std::string>> CheckReferenceSet(
    const std::vector<CheckedPicture>& pictures);

}  // namespace imprint::registry
