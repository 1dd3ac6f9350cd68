#include "imaging/vips_image.h"

#include <cstring>
#include <memory>
#include <mutex>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

namespace imprint {

void StartVips() {
  static std::once_flag once;
  std::call_once(once, [] {
    vips_init("imprint");
    vips_block_untrusted_set(TRUE);
    vips_cache_set_max(0);
    // With several threads libvips 8.14 now and then loses the error of a truncated picture that
    // two of them run into. Rows are decoded one after the other anyway.
    vips_concurrency_set(1);
    // Complaints come back as errors; a library's own lines do not belong on our stderr.
    g_log_set_handler(
        "VIPS", static_cast<GLogLevelFlags>(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO),
        [](const gchar*, GLogLevelFlags, const gchar*, gpointer) {}, nullptr);
  });
}

vips::VImage VipsView(const RgbImage& image) {
  return vips::VImage::new_from_memory(const_cast<uint8_t*>(image.pixels.data()),
                                       image.pixels.size(), image.width, image.height, 3,
                                       VIPS_FORMAT_UCHAR)
      .copy(vips::VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
}

RgbImage RenderRgb(const vips::VImage& image) {
  size_t size = 0;
  const std::unique_ptr<void, decltype(&g_free)> pixels(image.write_to_memory(&size), g_free);
  RgbImage result = RgbImage::Blank(image.width(), image.height());
  if (size != result.pixels.size()) throw vips::VError("unexpected number of bands");
  std::memcpy(result.pixels.data(), pixels.get(), size);
  return result;
}

vips::VImage ToSrgb(const vips::VImage& colours) {
  using vips::VImage;
  if (vips_image_get_typeof(colours.get_image(), VIPS_META_ICC_NAME) == 0) {
    return colours.colourspace(VIPS_INTERPRETATION_sRGB);
  }
  return colours.icc_transform("srgb", VImage::option()
                                           ->set("embedded", true)
                                           ->set("depth", 8)
                                           ->set("intent", VIPS_INTENT_RELATIVE)
                                           ->set("black_point_compensation", true));
}

std::string TakeVipsError(const std::exception& error) {
  vips_error_clear();
  return absl::StrReplaceAll(absl::StripAsciiWhitespace(error.what()), {{"\n", "; "}});
}

}  // namespace imprint
