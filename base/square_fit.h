// How a picture that is not square becomes square.
#pragma once

#include "absl/strings/string_view.h"

namespace imprint {

enum class SquareFit {
  kCrop,    // the middle square: proportions stay (Diffusers' --center_crop)
  kSquash,  // all of it, distorted (Diffusers' default)
};
inline constexpr absl::string_view kSquareFits[] = {"crop", "squash"};

}  // namespace imprint
