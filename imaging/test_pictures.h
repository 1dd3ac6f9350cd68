// For tests: small picture files of every kind, made with libvips.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>
#include <zlib.h>

#include "absl/strings/string_view.h"
#include <vips/vips8>

#include "base/rgb_image.h"
#include "imaging/byte_reader.h"
#include "imaging/vips_image.h"

namespace imprint {

inline ByteSpan Bytes(absl::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string TakeBytes(VipsBlob* blob) {
  size_t size = 0;
  const void* bytes = vips_blob_get(blob, &size);
  std::string result(static_cast<const char*>(bytes), size);
  vips_area_unref(VIPS_AREA(blob));
  return result;
}

// Returns a picture whose left half is red and whose right half is blue.
inline RgbImage RedAndBlue(int width, int height) {
  RgbImage image = RgbImage::Blank(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.Pixel(x, y)[x < width / 2 ? 0 : 2] = 255;
  }
  return image;
}

inline vips::VImage View(const RgbImage& image) {
  StartVips();
  return VipsView(image).copy_memory();
}

// Returns a checksum as PNG's chunks carry it.
inline uint32_t Crc32(absl::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

inline std::string BigEndian(uint64_t value, int size = 4) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

inline std::string PngChunk(const std::string& type, const std::string& body) {
  return BigEndian(body.size()) + type + body + BigEndian(Crc32(type + body));
}

// Before the pixels that libpng has written, or behind them.
enum class PngPlace { kBeforePixels, kBehindPixels };

// Returns the PNG with one more chunk.
inline std::string WithChunk(std::string png, const std::string& type, const std::string& body,
                             PngPlace place = PngPlace::kBeforePixels) {
  constexpr size_t kHeaderEnd = 33;
  constexpr size_t kEnd = 12;
  png.insert(place == PngPlace::kBeforePixels ? kHeaderEnd : png.size() - kEnd,
             PngChunk(type, body));
  return png;
}

// Returns an EXIF block of one field, in big-endian order.
inline std::string ExifWithOrientation(int orientation) {
  return std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01", 18) +
         BigEndian(orientation, 2) + std::string(6, '\0');
}

// Returns an EXIF block as cameras mark Adobe RGB: no colour space of EXIF's own, interoperability
// "R03".
inline std::string ExifOfAdobeRgb() {
  const auto field = [](int tag, int type, int count, const std::string& value) {
    return BigEndian(tag, 2) + BigEndian(type, 2) + BigEndian(count) + value;
  };
  const std::string end(4, '\0');
  return std::string("MM\0*\0\0\0\x08", 8) +                                      //
         BigEndian(1, 2) + field(0x8769, 4, 1, BigEndian(26)) + end +             // at 8
         BigEndian(2, 2) + field(0xA001, 3, 1, std::string("\xFF\xFF\0\0", 4)) +  // at 26
         field(0xA005, 4, 1, BigEndian(56)) + end +                               //
         BigEndian(1, 2) + field(0x0001, 2, 4, std::string("R03\0", 4)) + end;    // at 56
}

// Returns a HEIF box.
inline std::string Box(const std::string& type, const std::string& body) {
  return BigEndian(8 + body.size()) + type + body;
}

}  // namespace imprint
