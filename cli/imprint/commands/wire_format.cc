#include "cli/imprint/commands/wire_format.h"

namespace imprint::cli {

v1::PictureFormat ToWire(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return v1::PICTURE_FORMAT_PNG;
    case PictureFormat::kJpeg:
      return v1::PICTURE_FORMAT_JPEG;
    case PictureFormat::kWebp:
      return v1::PICTURE_FORMAT_WEBP;
  }
  return v1::PICTURE_FORMAT_UNSPECIFIED;
}

PictureFormat FromWire(v1::PictureFormat format) {
  switch (format) {
    case v1::PICTURE_FORMAT_JPEG:
      return PictureFormat::kJpeg;
    case v1::PICTURE_FORMAT_WEBP:
      return PictureFormat::kWebp;
    default:
      return PictureFormat::kPng;
  }
}

}  // namespace imprint::cli
