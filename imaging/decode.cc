#include "imaging/decode.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "imaging/picture_format.h"
#include "imaging/vips_image.h"

namespace imprint {
namespace {

using vips::VImage;

constexpr absl::string_view kSendStills = "a PNG, JPEG or WebP picture";

VImage OpenWith(PictureFormat format, std::span<const std::byte> bytes) {
  VipsBlob* blob = vips_blob_new(nullptr, bytes.data(), bytes.size());
  const auto options = [] { return VImage::option()->set("fail_on", VIPS_FAIL_ON_TRUNCATED); };
  VImage image;
  try {
    switch (format) {
      case PictureFormat::kPng:
        image = VImage::pngload_buffer(blob, options());
        break;
      case PictureFormat::kJpeg:
        image = VImage::jpegload_buffer(blob, options());
        break;
      case PictureFormat::kWebp:
        image = VImage::webpload_buffer(blob, options());
        break;
    }
  } catch (...) {
    vips_area_unref(VIPS_AREA(blob));
    throw;
  }
  vips_area_unref(VIPS_AREA(blob));
  return image;
}

absl::Status CheckHeader(const VImage& image, const DecodeLimits& limits) {
  const int64_t pixels = static_cast<int64_t>(image.width()) * image.height();
  if (image.width() > limits.max_side || image.height() > limits.max_side ||
      pixels > limits.max_pixels) {
    return FieldError("size", absl::StrCat(image.width(), "×", image.height()),
                      absl::StrCat("at most ", limits.max_side, " pixels a side and ",
                                   limits.max_pixels / 1'000'000, " million in all"));
  }
  if (image.get_typeof("n-pages") != 0 && image.get_int("n-pages") > 1) {
    return absl::InvalidArgumentError(absl::StrCat("an animation of ", image.get_int("n-pages"),
                                                   " frames; send one still picture"));
  }
  return absl::OkStatus();
}

VImage ToSrgb(const VImage& image) {
  if (vips_image_get_typeof(image.get_image(), VIPS_META_ICC_NAME) != 0) {
    try {
      // A profile that does not fit the picture is common and no reason to refuse it. The pixels
      // are computed here, so that a failure shows here.
      return image
          .icc_transform("srgb", VImage::option()
                                     ->set("embedded", true)
                                     ->set("depth", 8)
                                     ->set("intent", VIPS_INTENT_RELATIVE)
                                     ->set("black_point_compensation", true))
          .copy_memory();
    } catch (const vips::VError& error) {
      TakeVipsError(error);
    }
  }
  return image.colourspace(VIPS_INTERPRETATION_sRGB);
}

VImage OnWhite(const VImage& image) {
  if (!image.has_alpha()) return image;
  return image.flatten(VImage::option()->set("background", std::vector<double>{255}));
}

RgbImage Render(const VImage& opened) {
  // Decode first: a truncated or damaged picture fails here, whatever is made of it later.
  VImage image = opened.copy_memory().autorot();
  image = OnWhite(ToSrgb(image));
  return RenderRgb(image.bands() > 3 ? image.extract_band(0, VImage::option()->set("n", 3))
                                     : image);
}

}  // namespace

absl::StatusOr<RgbImage> DecodePicture(std::span<const std::byte> bytes,
                                       const DecodeLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    return FieldError("file size", absl::StrCat(bytes.size(), " bytes"),
                      absl::StrCat("at most ", limits.max_bytes, " bytes"));
  }
  const std::optional<SniffedFormat> format = SniffPicture(bytes);
  if (!format) {
    return absl::InvalidArgumentError(absl::StrCat("not a picture; send ", kSendStills));
  }
  if (!format->supported) {
    return absl::InvalidArgumentError(
        absl::StrCat(format->name, " is not supported; send ", kSendStills));
  }

  StartVips();
  try {
    const VImage image = OpenWith(*format->supported, bytes);
    RETURN_IF_ERROR(CheckHeader(image, limits));
    return Render(image);
  } catch (const vips::VError& error) {
    return absl::InvalidArgumentError(absl::StrCat("a damaged or truncated ", format->name, " (",
                                                   TakeVipsError(error),
                                                   "); send the whole picture again"));
  }
}

}  // namespace imprint
