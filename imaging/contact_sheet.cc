#include "imaging/contact_sheet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "imaging/resample.h"
#include "imaging/text_mask.h"

namespace imprint {
namespace {

constexpr int kMaxSide = 16'000;
constexpr int kMargin = 24;
constexpr int kGap = 12;
constexpr int kHeadingWidth = 168;
constexpr int kCaptionHeight = 22;
constexpr int kMinTextWidth = 480;

constexpr TextStyle kTitle = {.pixels = 24, .bold = true};
constexpr TextStyle kSubtitle = {.pixels = 14, .color = {0x60, 0x60, 0x60}};
constexpr TextStyle kHeading = {.pixels = 14, .bold = true};
constexpr TextStyle kCaption = {.pixels = 12, .color = {0x60, 0x60, 0x60}};

using Color = std::array<uint8_t, 3>;
constexpr Color kFrame = {0xD8, 0xD8, 0xD8};
constexpr Color kEmpty = {0xF4, 0xF4, 0xF4};

void Fill(RgbImage& canvas, int left, int top, int width, int height, const Color& color) {
  for (int y = top; y < top + height; ++y) {
    uint8_t* pixel = canvas.Pixel(left, y);
    for (int x = 0; x < width; ++x, pixel += 3) std::copy(color.begin(), color.end(), pixel);
  }
}

void Paste(const RgbImage& picture, int left, int top, RgbImage& canvas) {
  for (int y = 0; y < picture.height; ++y) {
    std::memcpy(canvas.Pixel(left, top + y), picture.Row(y),
                3 * static_cast<size_t>(picture.width));
  }
}

RgbImage FitInto(const RgbImage& picture, int side) {
  const double scale = static_cast<double>(side) / std::max(picture.width, picture.height);
  const auto scaled = [&](int pixels) {
    return std::max(1, static_cast<int>(std::lround(pixels * scale)));
  };
  return ResizeBicubic(picture, scaled(picture.width), scaled(picture.height));
}

absl::Status Write(absl::string_view text, const TextStyle& style, int x, int y, int width,
                   int lines, RgbImage& canvas) {
  ASSIGN_OR_RETURN(const TextMask mask, SetText(text, style, width, lines));
  DrawMask(mask, style, x, y, canvas);
  return absl::OkStatus();
}

absl::Status WriteCentered(absl::string_view text, const TextStyle& style, int center, int middle,
                           int width, int lines, RgbImage& canvas) {
  ASSIGN_OR_RETURN(const TextMask mask, SetText(text, style, width, lines));
  DrawMask(mask, style, center - mask.width / 2, middle - mask.height / 2, canvas);
  return absl::OkStatus();
}

absl::Status DrawCell(const ContactSheet::Cell& cell, int left, int top, int side,
                      RgbImage& canvas) {
  Fill(canvas, left - 1, top - 1, side + 2, side + 2, kFrame);
  Fill(canvas, left, top, side, side, kEmpty);
  const int center = left + side / 2;
  if (!cell.picture) {
    return WriteCentered(cell.caption, kCaption, center, top + side / 2, side - 16, 5, canvas);
  }
  const RgbImage fitted = FitInto(*cell.picture, side);
  Paste(fitted, left + (side - fitted.width) / 2, top + (side - fitted.height) / 2, canvas);
  return WriteCentered(cell.caption, kCaption, center, top + side + kCaptionHeight / 2 + 1, side, 1,
                       canvas);
}

}  // namespace

absl::StatusOr<RgbImage> RenderContactSheet(const ContactSheet& sheet) {
  if (sheet.rows.empty()) return FieldError("contact sheet", "no rows", "at least one");
  size_t columns = 0;
  bool has_headings = false;
  for (const ContactSheet::Row& row : sheet.rows) {
    columns = std::max(columns, row.cells.size());
    has_headings |= !row.heading.empty();
  }
  const int64_t side = sheet.cell_size;
  const int heading_width = has_headings ? kHeadingWidth + kGap : 0;
  const int header_height =
      (sheet.title.empty() ? 0 : 38) + (sheet.subtitle.empty() ? 0 : 26) + kGap;
  const int64_t row_height = side + kCaptionHeight + kGap;
  const int64_t content_width = std::max<int64_t>(
      heading_width + static_cast<int64_t>(columns) * (side + kGap) - kGap, kMinTextWidth);
  const int64_t width = content_width + int64_t{2} * kMargin;
  const int64_t height =
      2 * kMargin + header_height + static_cast<int64_t>(sheet.rows.size()) * row_height - kGap;
  if (width > kMaxSide || height > kMaxSide) {
    return FieldError("contact sheet", absl::StrCat(width, "×", height, " pixels"),
                      absl::StrCat("at most ", kMaxSide, " a side; draw fewer pictures a sheet"));
  }

  RgbImage canvas = RgbImage::Blank(static_cast<int>(width), static_cast<int>(height), 0xFF);
  const int text_width = static_cast<int>(content_width);
  int top = kMargin;
  if (!sheet.title.empty()) {
    RETURN_IF_ERROR(Write(sheet.title, kTitle, kMargin, top, text_width, 1, canvas));
    top += 38;
  }
  if (!sheet.subtitle.empty()) {
    RETURN_IF_ERROR(Write(sheet.subtitle, kSubtitle, kMargin, top, text_width, 1, canvas));
    top += 26;
  }
  top += kGap;
  for (const ContactSheet::Row& row : sheet.rows) {
    RETURN_IF_ERROR(Write(row.heading, kHeading, kMargin, top + 2, kHeadingWidth, 8, canvas));
    int left = kMargin + heading_width;
    for (const ContactSheet::Cell& cell : row.cells) {
      RETURN_IF_ERROR(DrawCell(cell, left, top, sheet.cell_size, canvas));
      left += sheet.cell_size + kGap;
    }
    top += static_cast<int>(row_height);
  }
  return canvas;
}

}  // namespace imprint
