#include "imaging/colour_profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <lcms2.h>

#include "base/status_macros.h"

namespace imprint {
namespace {

struct Closer {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
  void operator()(cmsToneCurve* curve) const { cmsFreeToneCurve(curve); }
};

// CIE 1931 chromaticities of white, red, green and blue.
struct Primaries {
  cmsCIExyY white;
  cmsCIExyYTRIPLE colours;
};

constexpr cmsCIExyY kD65 = {0.3127, 0.3290, 1};
constexpr cmsCIExyY kDciWhite = {0.314, 0.351, 1};

constexpr cmsCIExyYTRIPLE Colours(double xr, double yr, double xg, double yg, double xb,
                                  double yb) {
  return {{xr, yr, 1}, {xg, yg, 1}, {xb, yb, 1}};
}

// ITU-T H.273, table 2.
std::optional<Primaries> PrimariesOf(uint16_t number) {
  switch (number) {
    case kPrimariesBt709:
    case kUnspecified:
      return Primaries{kD65, Colours(0.640, 0.330, 0.300, 0.600, 0.150, 0.060)};
    case 5:  // BT.470 B, G
      return Primaries{kD65, Colours(0.640, 0.330, 0.290, 0.600, 0.150, 0.060)};
    case 6:  // SMPTE 170M, 240M
    case 7:
      return Primaries{kD65, Colours(0.630, 0.340, 0.310, 0.595, 0.155, 0.070)};
    case 9:  // BT.2020
      return Primaries{kD65, Colours(0.708, 0.292, 0.170, 0.797, 0.131, 0.046)};
    case 11:  // DCI-P3
      return Primaries{kDciWhite, Colours(0.680, 0.320, 0.265, 0.690, 0.150, 0.060)};
    case 12:  // Display P3
      return Primaries{kD65, Colours(0.680, 0.320, 0.265, 0.690, 0.150, 0.060)};
    default:
      return std::nullopt;
  }
}

constexpr double kWhiteNits = 203;

// SMPTE ST 2084, as a share of white.
double PqToLinear(double value) {
  constexpr double kM1 = 2610.0 / 16384;
  constexpr double kM2 = 2523.0 / 4096 * 128;
  constexpr double kC1 = 3424.0 / 4096;
  constexpr double kC2 = 2413.0 / 4096 * 32;
  constexpr double kC3 = 2392.0 / 4096 * 32;
  constexpr double kPeakNits = 10'000;
  const double power = std::pow(value, 1 / kM2);
  return std::pow(std::max(power - kC1, 0.0) / (kC2 - kC3 * power), 1 / kM1) * kPeakNits /
         kWhiteNits;
}

// ITU-R BT.2100's hybrid log-gamma on a display of 1,000 cd/m², with its gamma of 1.2 taken of each
// colour by itself.
double HlgToLinear(double value) {
  constexpr double kA = 0.17883277;
  constexpr double kB = 1 - 4 * kA;
  const double c = 0.5 - kA * std::log(4 * kA);
  constexpr double kPeakNits = 1000;
  const double scene = value <= 0.5 ? value * value / 3 : (std::exp((value - c) / kA) + kB) / 12;
  return std::pow(scene, 1.2) * kPeakNits / kWhiteNits;
}

double SrgbToLinear(double value) {
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

// ITU-T H.273, table 3. Television's curves are taken as sRGB's: that is what pictures that say
// them look right with.
std::optional<double> ToLinear(uint16_t transfer, double value) {
  switch (transfer) {
    case 1:
    case kUnspecified:
    case 6:
    case 7:
    case kTransferSrgb:
    case 14:
    case 15:
      return SrgbToLinear(value);
    case 4:
      return std::pow(value, 2.2);
    case 5:
      return std::pow(value, 2.8);
    case 8:
      return value;
    case kTransferPq:
      return PqToLinear(value);
    case kTransferHlg:
      return HlgToLinear(value);
    default:
      return std::nullopt;
  }
}

using CurvePointer = std::unique_ptr<cmsToneCurve, Closer>;

std::string MakeProfile(const Primaries& primaries, const cmsToneCurve& curve) {
  // lcms takes pointers to non-const curves, and copies what they point to.
  auto* const copied = const_cast<cmsToneCurve*>(&curve);
  const std::array<cmsToneCurve*, 3> curves = {copied, copied, copied};
  const std::unique_ptr<void, Closer> profile(
      cmsCreateRGBProfile(&primaries.white, &primaries.colours, curves.data()));
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile.get(), nullptr, &size);
  std::string bytes(size, '\0');
  cmsSaveProfileToMem(profile.get(), bytes.data(), &size);
  return bytes;
}

}  // namespace

std::string SpaceOfProfile(absl::string_view profile) {
  constexpr size_t kHeader = 128;
  constexpr size_t kSpace = 16;
  constexpr size_t kSignature = 36;
  if (profile.size() < kHeader || profile.substr(kSignature, 4) != "acsp") return "";
  const absl::string_view space = profile.substr(kSpace, 4);
  if (space == "GRAY") return "grey";
  return std::string(absl::StripAsciiWhitespace(space));
}

bool CanConvertFrom(absl::string_view profile) {
  const std::unique_ptr<void, Closer> opened(
      cmsOpenProfileFromMem(profile.data(), static_cast<cmsUInt32Number>(profile.size())));
  if (opened == nullptr) return false;
  const std::unique_ptr<void, Closer> srgb(cmsCreate_sRGBProfile());
  // Some profiles open and cannot be used; making a transform is the test.
  const cmsHTRANSFORM transform =
      cmsCreateTransform(opened.get(), cmsFormatterForColorspaceOfProfile(opened.get(), 1, 0),
                         srgb.get(), TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOOPTIMIZE);
  if (transform == nullptr) return false;
  cmsDeleteTransform(transform);
  return true;
}

std::string AdobeRgbProfile() {
  constexpr double kGamma = 563.0 / 256;
  const CurvePointer curve(cmsBuildGamma(nullptr, kGamma));
  return MakeProfile({kD65, Colours(0.64, 0.33, 0.21, 0.71, 0.15, 0.06)}, *curve);
}

bool MeansSrgb(const CodePoints& points) {
  constexpr uint16_t kTransfers[] = {1, kUnspecified, 6, kTransferSrgb, 14, 15};
  return (points.primaries == kPrimariesBt709 || points.primaries == kUnspecified) &&
         points.full_range &&
         std::find(std::begin(kTransfers), std::end(kTransfers), points.transfer) !=
             std::end(kTransfers);
}

bool IsHdr(const CodePoints& points) {
  return points.transfer == kTransferPq || points.transfer == kTransferHlg;
}

absl::StatusOr<std::string> ProfileOf(const CodePoints& points) {
  constexpr size_t kCurvePoints = 4096;
  const auto primaries = PrimariesOf(points.primaries);
  if (!primaries || !ToLinear(points.transfer, 0)) {
    return absl::UnimplementedError(absl::StrCat("colour code points ", points.primaries, "/",
                                                 points.transfer, " are not known"));
  }
  std::vector<cmsUInt16Number> curve(kCurvePoints);
  for (size_t i = 0; i < kCurvePoints; ++i) {
    double value = static_cast<double>(i) / (kCurvePoints - 1);
    // Television's range of 8 bits, 16 to 235; more bits have the same proportions.
    if (!points.full_range) value = std::clamp((value - 16.0 / 255) * 255 / 219, 0.0, 1.0);
    const double linear = std::clamp(*ToLinear(points.transfer, value), 0.0, 1.0);
    curve[i] = static_cast<cmsUInt16Number>(std::lround(linear * 65'535));
  }
  const CurvePointer built(cmsBuildTabulatedToneCurve16(nullptr, kCurvePoints, curve.data()));
  return MakeProfile(*primaries, *built);
}

}  // namespace imprint
