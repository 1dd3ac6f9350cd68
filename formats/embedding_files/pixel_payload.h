// Reads what AUTOMATIC1111's web UI hides in the pixels of an embedding's picture, beside the text
// that it writes into a PNG: hosts that strip texts leave it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/rgb_image.h"

namespace imprint {

// Returns the JSON in the two blocks left and right of the picture, each set off by a black column:
// the left one holds the lower four bits of a zlib stream in the lower four bits of its samples,
// the right one the upper four, both masked by a sequence of a linear congruential generator.
// Nothing if the picture has no such blocks, or they do not hold a stream of at most `limit` bytes.
std::optional<std::string> PayloadInPixels(const RgbImage& picture, size_t limit);

}  // namespace imprint
