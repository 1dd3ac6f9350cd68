// Colour profiles (ICC.1): what somebody's is for, and those that a picture only hints at.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "imaging/code_points.h"

namespace imprint {

// Of the numbers that a profile explains: "RGB", "grey", "CMYK", or its own name such as "Lab";
// empty if it is no profile.
std::string SpaceOfProfile(absl::string_view profile);

// Whether colours can be converted by it. libvips goes on by what it would take them for where they
// cannot, and does not say so.
bool CanConvertFrom(absl::string_view profile);

// Adobe RGB (1998).
std::string AdobeRgbProfile();

// Whether nothing has to be done: sRGB's primaries, and its curve or a television's, which pictures
// are taken to mean it by.
bool MeansSrgb(const CodePoints& points);

// Brighter than white: PQ or HLG.
bool IsHdr(const CodePoints& points);

// The profile of RGB that code points describe. With PQ and HLG, 203 cd/m², which ITU-R BT.2408 has
// for white, becomes white, and what is brighter is cut. UNIMPLEMENTED if their numbers are none
// that we know.
absl::StatusOr<std::string> ProfileOf(const CodePoints& points);

}  // namespace imprint
