#include "imaging/encode.h"

#include "absl/strings/str_cat.h"

#include "imaging/vips_image.h"

namespace imprint {

absl::StatusOr<std::string> EncodePicture(const RgbImage& image, PictureFormat format,
                                          int quality) {
  using vips::VImage;
  StartVips();
  VipsBlob* blob = nullptr;
  try {
    const VImage view = VipsView(image);
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
