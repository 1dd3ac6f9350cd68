// A page of pictures with captions, for people: what was taught, what was drawn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "base/rgb_image.h"

namespace imprint {

// Rows of pictures under a title. Works in any language that the machine has fonts for.
struct ContactSheet {
  struct Cell {
    // If missing, an empty frame shows the caption, which gives the reason.
    std::optional<RgbImage> picture;
    std::string caption;
  };
  struct Row {
    // Shown left of the pictures, wrapped.
    std::string heading;
    std::vector<Cell> cells;
  };

  std::string title;
  std::string subtitle;
  std::vector<Row> rows;
  // Side of the square frame that each picture is fitted into, in pixels.
  int cell_size = 176;
};

// Renders the sheet as one picture. INVALID_ARGUMENT if it would be larger than 16,000 pixels a
// side or has no rows; INTERNAL if the machine has no fonts.
absl::StatusOr<RgbImage> RenderContactSheet(const ContactSheet& sheet);

}  // namespace imprint
