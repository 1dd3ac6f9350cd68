// How pictures are drawn, as protos carry it: ImageSetSpec for a whole set, ItemRequest for one of
// its pictures. Both have a field for every row of kPictureFields, under its name.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <imprint/v1/imageset.pb.h>

#include "base/picture_size.h"
#include "orders/picture_request.h"

namespace imprint {

// What a set asks of all of its pictures: without prompt and seed. What is not set has its default,
// the solver that of PictureRequest: the model's own is the caller's to know. INVALID_ARGUMENT
// naming `context` and the field, such as spec.steps.
absl::StatusOr<PictureRequest> ParsePictures(const v1::ImageSetSpec& spec,
                                             absl::string_view context);

// Sets every field of the set, but for a solver that nobody chose.
void FillPictures(const PictureRequest& request, v1::ImageSetSpec& spec);

// Sets the fields of those rows that `given` takes.
void FillPictures(const PictureRequest& request,
                  const std::function<bool(const Field<PictureRequest>&)>& given,
                  v1::ImageSetSpec& spec);

// Item `index` of an admitted set: every prompt with every seed, prompt by prompt.
v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, int64_t index);

// One picture, whose set was admitted. INVALID_ARGUMENT naming `context` and the field.
absl::StatusOr<PictureRequest> ParseItem(const v1::ItemRequest& item, absl::string_view context);

// Pixels of an item's finished picture, after its second pass.
PictureSize FinishedSize(const v1::ItemRequest& item);

}  // namespace imprint
