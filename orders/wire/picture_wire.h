// How pictures are drawn, as protos carry it: ImageSetSpec for a whole set, ItemRequest for one of
// its pictures. Both have a field for every row of kPictureFields, under its name.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/imageset.pb.h>

#include "base/picture_size.h"
#include "orders/picture_request.h"

namespace imprint {

// Reads what a set asks of all of its pictures, which have no prompt and no seed yet. What is not
// set has its default; a solver that nobody chose is PictureRequest's, and the caller's to replace
// by the model's own. INVALID_ARGUMENT naming `context` and the field, such as spec.steps.
absl::StatusOr<PictureRequest> ParsePictures(const v1::ImageSetSpec& spec,
                                             absl::string_view context);

// Sets the set's fields of those rows that `given` takes; all of them if it is null.
void FillPictures(const PictureRequest& request,
                  const std::function<bool(const Field<PictureRequest>&)>& given,
                  v1::ImageSetSpec& spec);

// Returns how all items of a set that a node was given are drawn: an item without index, prompt and
// seed.
v1::ItemRequest SettingsOf(const v1::ImageSetSpec& spec);

// Returns index, prompt and seed of item `index` of a set: every prompt with every seed, prompt by
// prompt.
v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, int64_t index);

// Reads one picture, whose set was given to a node. INVALID_ARGUMENT naming `context` and the
// field.
absl::StatusOr<PictureRequest> ParseItem(const v1::ItemRequest& item, absl::string_view context);

// Returns the size of an item's finished picture, after its second pass.
PictureSize FinishedSize(const v1::ItemRequest& item);

}  // namespace imprint
