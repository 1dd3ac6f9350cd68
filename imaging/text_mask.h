// Renders text as pixels, set by Pango in whatever script it is written in. Private to imaging/.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/rgb_image.h"

namespace imprint {

struct TextStyle {
  int pixels;  // size of the type
  bool bold = false;
  std::array<uint8_t, 3> color = {0x22, 0x22, 0x22};
};

// The ink of each pixel, 0 to 255, row by row.
struct TextMask {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> ink;
};

// Sets `text`, wrapped at `width` pixels and cut with an ellipsis if it needs more than `lines`
// lines. Blank text gives an empty mask. INTERNAL if the machine has no fonts.
absl::StatusOr<TextMask> SetText(absl::string_view text, const TextStyle& style, int width,
                                 int lines);

// Draws the mask onto `canvas` with its top left at (x, y), clipped to the canvas.
void DrawMask(const TextMask& mask, const TextStyle& style, int x, int y, RgbImage& canvas);

}  // namespace imprint
