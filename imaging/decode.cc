#include "imaging/decode.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "imaging/picture_source.h"
#include "imaging/upright.h"
#include "imaging/vips_image.h"

namespace imprint {
namespace {

using vips::VImage;

// Returns alpha as 0 to 255, whatever range the picture has.
VImage ToBytes(const VImage& alpha) {
  if (alpha.format() == VIPS_FORMAT_UCHAR) return alpha;
  return alpha.cast(VIPS_FORMAT_UCHAR, VImage::option()->set("shift", true));
}

// Lays a picture on white. Transparency is taken off before its colours are converted: libvips 8.14
// cuts 16-bit alpha at 255 where it converts by a profile.
VImage OnWhite(const VImage& stored) {
  if (!stored.has_alpha()) return ToSrgb(stored);
  const int colours = stored.bands() - 1;
  const VImage srgb = ToSrgb(stored.extract_band(0, VImage::option()->set("n", colours)));
  return srgb.bandjoin(ToBytes(stored.extract_band(colours)))
      .flatten(VImage::option()->set("background", std::vector<double>{255}));
}

struct RegionReleaser {
  void operator()(VipsRegion* region) const { g_object_unref(region); }
};

// Decodes some rows at a time, so that nothing but the finished picture is held whole.
RgbImage Render(const PictureSource& source) {
  constexpr int kRowsAtOnce = 32;
  const VImage image = OnWhite(source.stored);
  if (image.bands() != 3 || image.format() != VIPS_FORMAT_UCHAR) {
    throw vips::VError("colours that are none");
  }
  const PictureSize size = {image.width(), image.height()};
  UprightPicture upright(size, source.orientation);
  const std::unique_ptr<VipsRegion, RegionReleaser> region(vips_region_new(image.get_image()));
  for (int top = 0; top < size.height; top += kRowsAtOnce) {
    const VipsRect rows = {0, top, size.width, std::min(kRowsAtOnce, size.height - top)};
    if (vips_region_prepare(region.get(), &rows) != 0) throw vips::VError();
    for (int y = top; y < top + rows.height; ++y) {
      upright.SetRow(y, VIPS_REGION_ADDR(region.get(), 0, y));
    }
  }
  return std::move(upright).Take();
}

}  // namespace

absl::StatusOr<DecodedPicture> DecodePicture(std::span<const std::byte> bytes,
                                             const DecodeLimits& limits) {
  ASSIGN_OR_RETURN(PictureSource source, OpenPicture(bytes, limits));
  try {
    return DecodedPicture{.image = Render(source),
                          .full_size = UprightSize(source.full_size, source.orientation),
                          .warnings = std::move(source.warnings)};
  } catch (const vips::VError& error) {
    return DamagedPicture(source.format, TakeVipsError(error));
  }
}

absl::StatusOr<int64_t> BytesToDecode(std::span<const std::byte> bytes,
                                      const DecodeLimits& limits) {
  ASSIGN_OR_RETURN(const PictureSource source, OpenPicture(bytes, limits));
  return source.bytes_to_decode;
}

absl::StatusOr<RgbImage> DecodePixels(std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(DecodedPicture decoded, DecodePicture(bytes));
  return std::move(decoded.image);
}

}  // namespace imprint
