// Lays out drawn pictures on a contact sheet.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "cli/imprint_engine/draw_plan.h"
#include "cli/imprint_engine/reference_folder.h"

#include "base/rgb_image.h"
#include "imaging/contact_sheet.h"
#include "orders/picture_manifest.h"

namespace imprint::cli {

// What there is to show; `plan` and `pictures` describe the same pictures, of which there is at
// least one.
struct DrawnPictures {
  // Empty means the tokens, or that there are none.
  std::string title;
  std::span<const ManifestEmbedding> embeddings;
  std::span<const ReferencePicture> references;
  std::span<const PlannedPicture> plan;
  // An entry is empty if its picture was blocked.
  std::span<const std::optional<RgbImage>> pictures;
};

// Returns a sheet with a row of what was taught from, if anything, then a row for each prompt:
// first the pictures with the class word, then those with the concept. Rows and columns beyond what
// an overview can show are left out, and the subtitle says so.
ContactSheet LayOut(const DrawnPictures& drawn);

}  // namespace imprint::cli
