// Converts between our pictures and libvips (https://www.libvips.org). Private to imaging/.
#pragma once

#include <exception>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include <vips/vips8>

#include "base/rgb_image.h"

namespace imprint {

// Starts libvips once per process, with only the loaders that it calls safe for untrusted input,
// and no cache of operations (it would know buffers by address).
void StartVips();

// Returns a view of the pixels, which must outlive it.
vips::VImage VipsView(const RgbImage& image);

// Evaluates the pipeline. `image` must have three 8-bit bands. Throws vips::VError.
RgbImage RenderRgb(const vips::VImage& image);

// Returns the colours, without transparency, as 8-bit sRGB: by the ICC profile that the picture
// carries, or by what libvips takes them for.
vips::VImage ToSrgb(const vips::VImage& colours);

// Returns libvips' last error message, as one line, and clears it.
std::string TakeVipsError(const std::exception& error);

}  // namespace imprint
