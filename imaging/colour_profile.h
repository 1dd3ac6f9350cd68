// Colour profiles (ICC.1): what a given one is for, and those that a picture only hints at.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "imaging/code_points.h"

namespace imprint {

// Returns the colour space of the numbers that a profile explains: "RGB", "grey", "CMYK", or its
// own name such as "Lab"; empty if it is not a profile.
std::string SpaceOfProfile(absl::string_view profile);

// Returns whether colours can be converted by it. Where they cannot, libvips falls back to its own
// assumption about them, and does not say so.
bool CanConvertFrom(absl::string_view profile);

// Returns the profile of Adobe RGB (1998).
std::string AdobeRgbProfile();

// Returns whether nothing has to be converted: sRGB's primaries, and its curve or a television's,
// which pictures are assumed to mean it by.
bool MeansSrgb(const CodePoints& points);

// Returns whether it is brighter than white: PQ or HLG.
bool IsHdr(const CodePoints& points);

// Returns the profile of RGB that code points describe. With PQ and HLG, 203 cd/m², the level of
// white in ITU-R BT.2408, becomes white, and what is brighter is clipped. UNIMPLEMENTED if their
// numbers are unknown to us.
absl::StatusOr<std::string> ProfileOf(const CodePoints& points);

}  // namespace imprint
