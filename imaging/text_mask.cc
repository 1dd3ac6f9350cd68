#include "imaging/text_mask.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "imaging/vips_image.h"

namespace imprint {
namespace {

// Pango counts points at 72 dpi as pixels.
constexpr int kDpi = 72;
constexpr size_t kMaxUtf8Bytes = 4;

// File names may hold bytes that are no UTF-8, which Pango refuses.
std::string EscapeMarkup(absl::string_view text) {
  const std::unique_ptr<char, decltype(&g_free)> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), g_free);
  return absl::StrReplaceAll(valid.get(), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

TextMask Render(const std::string& text, const TextStyle& style, int width) {
  const std::string font = absl::StrCat("sans ", style.bold ? "bold " : "", style.pixels);
  vips::VImage image = vips::VImage::text(
      EscapeMarkup(text).c_str(),
      vips::VImage::option()->set("font", font.c_str())->set("width", width)->set("dpi", kDpi));
  if (image.bands() > 1) image = image.extract_band(0);
  size_t size = 0;
  const std::unique_ptr<void, decltype(&g_free)> pixels(image.write_to_memory(&size), g_free);
  const auto* ink = static_cast<const uint8_t*>(pixels.get());
  return {image.width(), image.height(), std::vector<uint8_t>(ink, ink + size)};
}

std::string CutAt(const std::string& text, size_t bytes) {
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return absl::StrCat(absl::StripTrailingAsciiWhitespace(text.substr(0, bytes)), "…");
}

}  // namespace

absl::StatusOr<TextMask> SetText(absl::string_view text, const TextStyle& style, int width,
                                 int lines) {
  StartVips();
  std::string stripped(absl::StripAsciiWhitespace(text));
  if (stripped.empty()) return TextMask();
  // No more bytes than could fit in the narrowest letters, so that Pango need not lay out a book.
  const size_t most = static_cast<size_t>(lines) * width * 4 * kMaxUtf8Bytes / style.pixels;
  if (stripped.size() > most) stripped = CutAt(stripped, most);
  const int max_height = static_cast<int>(style.pixels * 1.35 * lines);
  const auto fits = [&](const TextMask& mask) {
    return mask.height <= max_height && mask.width <= width;
  };
  try {
    TextMask mask = Render(stripped, style, width);
    if (fits(mask)) return mask;
    // The longest beginning that fits with its ellipsis, by bisection.
    size_t low = 0;
    size_t high = stripped.size() - 1;
    while (low < high) {
      const size_t middle = (low + high + 1) / 2;
      if (fits(Render(CutAt(stripped, middle), style, width))) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return Render(CutAt(stripped, low), style, width);
  } catch (const vips::VError& error) {
    return absl::InternalError(absl::StrCat("cannot set the text of a contact sheet: ",
                                            TakeVipsError(error), "; is a font installed?"));
  }
}

void DrawMask(const TextMask& mask, const TextStyle& style, int x, int y, RgbImage& canvas) {
  for (int row = std::max(0, -y); row < std::min(mask.height, canvas.height - y); ++row) {
    for (int column = std::max(0, -x); column < std::min(mask.width, canvas.width - x); ++column) {
      const int ink = mask.ink[static_cast<size_t>(row) * mask.width + column];
      uint8_t* pixel = canvas.Pixel(x + column, y + row);
      for (int channel = 0; channel < 3; ++channel) {
        pixel[channel] = static_cast<uint8_t>(
            (pixel[channel] * (255 - ink) + style.color[channel] * ink + 127) / 255);
      }
    }
  }
}

}  // namespace imprint
