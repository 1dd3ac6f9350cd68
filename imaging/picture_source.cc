#include "imaging/picture_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "imaging/colour_profile.h"
#include "imaging/exif_facts.h"
#include "imaging/heif_facts.h"
#include "imaging/jpeg_facts.h"
#include "imaging/memory_estimate.h"
#include "imaging/png_facts.h"
#include "imaging/size_limit.h"
#include "imaging/tiff_facts.h"
#include "imaging/vips_image.h"

namespace imprint {
namespace {

using vips::VImage;
using vips::VOption;

constexpr absl::string_view kSendStills = "a PNG, JPEG, WebP, HEIC, AVIF or TIFF picture";

PictureSize SizeOf(const VImage& image) { return {image.width(), image.height()}; }

int64_t Pixels(PictureSize size) { return int64_t{size.width} * size.height; }

// Metadata of an opened picture; empty if it has none of the name.
ByteSpan Metadata(const VImage& image, const char* name) {
  if (image.get_typeof(name) != VIPS_TYPE_BLOB) return {};
  size_t size = 0;
  const void* bytes = image.get_blob(name, &size);
  return {static_cast<const std::byte*>(bytes), size};
}

VOption* FromTopToBottom() {
  return VImage::option()
      ->set("access", VIPS_ACCESS_SEQUENTIAL)
      ->set("fail_on", VIPS_FAIL_ON_TRUNCATED);
}

// The limit for pictures that can only be decoded at their full size.
SizeLimit StillLimit(const DecodeLimits& limits) {
  return {.max_side = limits.max_side,
          .max_pixels = limits.max_pixels,
          .more_of_a_jpeg = limits.max_jpeg_pixels};
}

// A loader's own view of the bytes, which it shares with nobody.
class Blob {
 public:
  explicit Blob(ByteSpan bytes) : blob_(vips_blob_new(nullptr, bytes.data(), bytes.size())) {}
  ~Blob() { vips_area_unref(VIPS_AREA(blob_)); }
  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;
  VipsBlob* get() const { return blob_; }

 private:
  VipsBlob* blob_;
};

absl::Status RefuseAnimation(int64_t frames) {
  return absl::InvalidArgumentError(
      absl::StrCat("an animation of ", frames, " frames; send one still picture"));
}

// Of a TIFF: colours and transparency alone.
VImage WithoutOtherChannels(const VImage& image, const TiffFacts& facts) {
  const int colours = image.bands() - facts.extra;  // a palette's become 1 or 3
  if (facts.extra == 0 || colours < 1 || (facts.extra == 1 && facts.alpha)) return image;
  const VImage kept = image.extract_band(0, VImage::option()->set("n", colours));
  return facts.alpha ? kept.bandjoin(image.extract_band(colours + *facts.alpha)) : kept;
}

// libvips 8.14 has no limit: a small file of 10,000 scans takes it minutes.
absl::Status CheckScans(const JpegFacts& facts) {
  constexpr int64_t kMaxScans = 100;  // libtiff's limit for the same; encoders write some 10
  if (facts.scans <= kMaxScans) return absl::OkStatus();
  return FieldError(
      "scans of the JPEG", absl::StrCat(facts.scans),
      absl::StrCat("at most ", kMaxScans, "; save it again, not progressive if you can"));
}

// Looks at one picture, step by step.
class Opener {
 public:
  Opener(const SniffedFormat& format, ByteSpan bytes, const DecodeLimits& limits)
      : bytes_(bytes), limits_(limits), blob_(bytes) {
    source_.format = format;
  }

  absl::StatusOr<PictureSource> Open() {
    const absl::Status opened = OpenFormat();
    if (absl::IsDataLoss(opened)) return DamagedPicture(source_.format, opened.message());
    RETURN_IF_ERROR(opened);
    if (exif_.orientation) source_.orientation = *exif_.orientation;
    ChooseColours();
    source_.bytes_to_decode += PixelBytes(source_.stored);
    if (source_.bytes_to_decode > limits_.max_memory) {
      constexpr int64_t kMiB = 1 << 20;
      return FieldError("memory to decode it",
                        absl::StrCat(source_.bytes_to_decode / kMiB, " MiB for ",
                                     source_.full_size.width, "×", source_.full_size.height),
                        absl::StrCat("at most ", limits_.max_memory / kMiB,
                                     " MiB; send it smaller, or not interlaced or progressive"));
    }
    return std::move(source_);
  }

 private:
  absl::Status OpenFormat() {
    switch (*source_.format.read) {
      case ReadFormat::kPng:
        return OpenPng();
      case ReadFormat::kJpeg:
        return OpenJpeg();
      case ReadFormat::kWebp:
        return OpenWebp();
      case ReadFormat::kHeif:
        return OpenHeif();
      case ReadFormat::kTiff:
        return OpenTiff();
    }
    return absl::InternalError("a format that nothing reads");
  }

  // Takes the opened picture if its size is within the limits.
  absl::Status Keep(VImage image) {
    RETURN_IF_ERROR(CheckSize(SizeOf(image), StillLimit(limits_)));
    source_.full_size = SizeOf(image);
    source_.stored = std::move(image);
    return absl::OkStatus();
  }

  absl::Status OpenPng() {
    const PngFacts facts = ReadPngFacts(bytes_);
    if (facts.frames > 1) return RefuseAnimation(facts.frames);
    RETURN_IF_ERROR(Keep(VImage::pngload_buffer(blob_.get(), FromTopToBottom())));
    exif_ = facts.exif;
    code_points_ = facts.code_points;
    colours_by_gamma_ = facts.colours_by_gamma;
    source_.bytes_to_decode = PngBytes(source_.stored, facts.interlaced);
    return absl::OkStatus();
  }

  absl::Status OpenJpeg() {
    const JpegFacts facts = ReadJpegFacts(bytes_);
    RETURN_IF_ERROR(CheckScans(facts));
    VImage image = VImage::jpegload_buffer(blob_.get(), FromTopToBottom());
    const PictureSize full = SizeOf(image);
    RETURN_IF_ERROR(
        CheckSize(full, {.max_side = limits_.max_side, .max_pixels = limits_.max_jpeg_pixels}));
    // A JPEG with more pixels is decoded smaller, which libjpeg can do by 2, 4 or 8.
    int shrink = 1;
    while (shrink < 8 && Pixels({full.width / shrink, full.height / shrink}) > limits_.max_pixels) {
      shrink *= 2;
    }
    if (shrink > 1) {
      image = VImage::jpegload_buffer(blob_.get(), FromTopToBottom()->set("shrink", shrink));
    }
    ReadMetadata(image);
    RETURN_IF_ERROR(Keep(image));
    source_.full_size = full;
    source_.bytes_to_decode = JpegBytes(facts);
    return absl::OkStatus();
  }

  absl::Status OpenWebp() {
    const VImage image = VImage::webpload_buffer(blob_.get(), FromTopToBottom());
    if (image.get_typeof("n-pages") != 0 && image.get_int("n-pages") > 1) {
      return RefuseAnimation(image.get_int("n-pages"));
    }
    ReadMetadata(image);
    RETURN_IF_ERROR(Keep(image));
    source_.bytes_to_decode = WebpBytes(image);
    return absl::OkStatus();
  }

  // EXIF's orientation is not looked at: HEIF's own has been applied, and counts alone.
  absl::Status OpenHeif() {
    ASSIGN_OR_RETURN(const HeifFacts facts, ReadHeifFacts(bytes_, StillLimit(limits_)));
    RETURN_IF_ERROR(Keep(VImage::heifload_buffer(blob_.get(), FromTopToBottom())));
    code_points_ = facts.code_points;
    // The decoder has made RGB of whatever range it was.
    if (code_points_) code_points_->full_range = true;
    source_.bytes_to_decode = HeifBytes(source_.stored, facts);
    WarnOfOthers(source_.stored.get_int("n-pages"), "pictures; only its primary one is read");
    return absl::OkStatus();
  }

  absl::Status OpenTiff() {
    ASSIGN_OR_RETURN(const TiffFacts facts, ReadTiffFacts(bytes_, StillLimit(limits_)));
    RETURN_IF_ERROR(
        Keep(VImage::tiffload_buffer(blob_.get(), FromTopToBottom()->set("page", facts.page))));
    source_.stored = WithoutOtherChannels(source_.stored, facts);
    exif_ = facts.exif;
    source_.bytes_to_decode = TiffBytes(facts);
    WarnOfOthers(facts.pictures, "pages; only the first is read");
    return absl::OkStatus();
  }

  void WarnOfOthers(int pictures, absl::string_view what) {
    if (pictures < 2) return;
    source_.warnings.push_back(
        absl::StrCat("a ", source_.format.name, " of ", pictures, " ", what));
  }

  void ReadMetadata(const VImage& image) {
    exif_ = ReadExif(Metadata(image, VIPS_META_EXIF_NAME));
    if (!exif_.orientation) {
      exif_.orientation = OrientationInXmp(Metadata(image, VIPS_META_XMP_NAME));
    }
  }

  // PNG's code points count more than a profile; those of HEIF are there only without one; Adobe
  // RGB, as cameras mark it, only where nothing else is said.
  void ChooseColours() {
    const bool png = source_.format.read == ReadFormat::kPng;
    const bool has_profile = !Metadata(source_.stored, VIPS_META_ICC_NAME).empty();
    const bool rgb = Colours() == 3;
    if (code_points_ && rgb && (png || !has_profile)) {
      SetProfile(ProfileOfCodePoints());
    } else if (has_profile) {
      CheckProfile();
    } else if (exif_.adobe_rgb && rgb) {
      SetProfile(AdobeRgbProfile());
    } else if (colours_by_gamma_) {
      source_.warnings.emplace_back(
          "its colours are said by gAMA or cHRM alone, which are passed over; they are taken as "
          "sRGB");
    }
  }

  int Colours() const { return source_.stored.bands() - (source_.stored.has_alpha() ? 1 : 0); }

  // Returns no profile if the code points mean sRGB, or are taken to.
  std::string ProfileOfCodePoints() {
    if (IsHdr(*code_points_)) {
      source_.warnings.emplace_back(
          "an HDR picture: whatever is brighter than paper white comes out as white; converted to "
          "SDR beforehand, it keeps its highlights");
    }
    if (MeansSrgb(*code_points_)) return "";
    auto profile = ProfileOf(*code_points_);
    if (profile.ok()) return *std::move(profile);
    source_.warnings.push_back(
        absl::StrCat(profile.status().message(), "; its colours are taken as sRGB"));
    return "";
  }

  // Sets the profile to convert by. An empty one takes away the one that is there.
  void SetProfile(const std::string& profile) {
    VImage image = source_.stored.copy();
    if (profile.empty()) {
      vips_image_remove(image.get_image(), VIPS_META_ICC_NAME);
    } else {
      vips_image_set_blob_copy(image.get_image(), VIPS_META_ICC_NAME, profile.data(),
                               profile.size());
    }
    source_.stored = std::move(image);
  }

  // Drops a profile that does not fit the picture, which is common and no reason to refuse it.
  // libvips would convert by it without a word, or fall back to its own assumption.
  void CheckProfile() {
    const absl::string_view profile = AsText(Metadata(source_.stored, VIPS_META_ICC_NAME));
    const std::string space = SpaceOfProfile(profile);
    const int colours = Colours();
    const absl::string_view needed = colours == 1 ? "grey" : (colours == 3 ? "RGB" : "CMYK");
    std::string why;
    if (!space.empty() && space != needed) {
      why = absl::StrCat("its colour profile is for ", space, " and the picture is ", needed);
    } else if (space.empty() || !CanConvertFrom(profile)) {
      why = "its colour profile is damaged";
    }
    if (why.empty()) return;
    source_.warnings.push_back(absl::StrCat(
        why, "; it is passed over", colours == 3 ? ", and the colours are taken as sRGB" : ""));
    SetProfile("");
  }

  ByteSpan bytes_;
  const DecodeLimits& limits_;
  Blob blob_;
  PictureSource source_;
  ExifFacts exif_;
  std::optional<CodePoints> code_points_;
  bool colours_by_gamma_ = false;
};

// Says how the phone that made the picture can give another format.
absl::string_view WayOut(const SniffedFormat& format) {
  if (format.read != ReadFormat::kHeif) return "";
  return ", or save it as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)";
}

}  // namespace

absl::Status DamagedPicture(const SniffedFormat& format, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("a damaged or truncated ", format.name, " (", why,
                                                 "); send the whole picture again",
                                                 WayOut(format)));
}

absl::StatusOr<PictureSource> OpenPicture(ByteSpan bytes, const DecodeLimits& limits) {
  if (bytes.size() > limits.max_bytes) {
    return FieldError("file size", absl::StrCat(bytes.size(), " bytes"),
                      absl::StrCat("at most ", limits.max_bytes, " bytes"));
  }
  const std::optional<SniffedFormat> format = SniffPicture(bytes);
  if (!format) {
    return absl::InvalidArgumentError(absl::StrCat("not a picture; send ", kSendStills));
  }
  if (!format->read) {
    return absl::InvalidArgumentError(
        absl::StrCat(format->name, " is not supported; send ", kSendStills));
  }
  StartVips();
  try {
    return Opener(*format, bytes, limits).Open();
  } catch (const vips::VError& error) {
    return DamagedPicture(*format, TakeVipsError(error));
  }
}

}  // namespace imprint
