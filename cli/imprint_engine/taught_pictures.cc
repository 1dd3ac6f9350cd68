#include "cli/imprint_engine/taught_pictures.h"

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "imaging/fit.h"

namespace imprint::cli {

absl::StatusOr<std::vector<ReferencePicture>> ReadTaughtPictures(const TeachOrder& order) {
  ASSIGN_OR_RETURN(auto pictures, ReadPictures(order.pictures, [&](const RgbImage& picture) {
                     return FitToSquare(picture, order.settings.size, order.settings.fit);
                   }));
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (pictures[i].sha256 != order.picture_sha256[i]) {
      return FieldError(absl::StrCat("picture ", i + 1, " (", pictures[i].path.string(), ")"),
                        "another file than the one that the training began with",
                        "the same file; begin anew, or put it back");
    }
  }
  return pictures;
}

}  // namespace imprint::cli
