#include "imaging/encode.h"

#include "absl/strings/str_cat.h"

#include "imaging/vips_image.h"

namespace imprint {

namespace {

// Sets what layout programs size a picture by; libvips would say 1 pixel a millimetre, 25.4 dpi.
// JPEG stores whole dots an inch or a centimetre, and 300 dpi is whole in inches.
vips::VImage At300Dpi(const vips::VImage& image) {
  constexpr double kPixelsPerMillimetre = 300 / 25.4;
  vips::VImage sized = image.copy(
      vips::VImage::option()->set("xres", kPixelsPerMillimetre)->set("yres", kPixelsPerMillimetre));
  sized.set(VIPS_META_RESOLUTION_UNIT, "in");
  return sized;
}

}  // namespace

absl::StatusOr<std::string> EncodePicture(const RgbImage& image, PictureFormat format,
                                          int quality) {
  using vips::VImage;
  StartVips();
  VipsBlob* blob = nullptr;
  try {
    const VImage view = At300Dpi(VipsView(image));
    switch (format) {
      case PictureFormat::kPng:
        blob = view.pngsave_buffer(VImage::option()->set("compression", 6));
        break;
      case PictureFormat::kJpeg:
        blob =
            view.jpegsave_buffer(VImage::option()->set("Q", quality)->set("optimize_coding", true));
        break;
      case PictureFormat::kWebp:
        blob = view.webpsave_buffer(VImage::option()->set("Q", quality));
        break;
    }
  } catch (const vips::VError& error) {
    return absl::InternalError(
        absl::StrCat("cannot encode a ", Name(format), ": ", TakeVipsError(error)));
  }
  size_t size = 0;
  const void* bytes = vips_blob_get(blob, &size);
  std::string encoded(static_cast<const char*>(bytes), size);
  vips_area_unref(VIPS_AREA(blob));
  return encoded;
}

}  // namespace imprint
