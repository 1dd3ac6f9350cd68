#include "orders/wire/picture_wire.h"

#include <string>
#include <vector>

#include "base/status_macros.h"
#include "orders/wire/field_wire.h"

namespace imprint {
namespace {

constexpr FieldTable<PictureRequest> kPictures = kPictureFields;

// Items say nothing of a second pass where there is none.
bool IsOfSecondPass(absl::string_view name) {
  return name == "upscale" || name == "upscale_strength";
}

}  // namespace

absl::StatusOr<PictureRequest> ParsePictures(const v1::ImageSetSpec& spec,
                                             absl::string_view context) {
  PictureRequest request;
  RETURN_IF_ERROR(ReadWire(spec, kPictures, request, context));
  RETURN_IF_ERROR(CheckFields(kPictures, request, context));
  return request;
}

void FillPictures(const PictureRequest& request, v1::ImageSetSpec& spec) {
  const bool models_own = spec.solver().empty();
  FillPictures(
      request, [&](const Field<PictureRequest>& row) { return !(models_own && row.models_own); },
      spec);
}

void FillPictures(const PictureRequest& request,
                  const std::function<bool(const Field<PictureRequest>&)>& given,
                  v1::ImageSetSpec& spec) {
  WriteWire(kPictures, request, spec, given);
}

v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, int64_t index) {
  std::vector<absl::string_view> names = {"precision"};
  for (const Field<PictureRequest>& row : kPictures) {
    if (spec.upscale() > 1 || !IsOfSecondPass(row.name)) names.push_back(row.name);
  }
  if (spec.upscale() > 1) names.insert(names.end(), {"picture_width", "picture_height"});
  v1::ItemRequest item;
  CopyWire(spec, names, item);
  item.set_index(index);
  item.set_prompt(spec.prompts(static_cast<int>(index / spec.seeds_size())));
  item.set_seed(spec.seeds(static_cast<int>(index % spec.seeds_size())));
  return item;
}

absl::StatusOr<PictureRequest> ParseItem(const v1::ItemRequest& item, absl::string_view context) {
  // Jobs of before there were styles began literally, and end so.
  PictureRequest request = {
      .prompt = item.prompt(), .seed = item.seed(), .prompt_style = PromptStyle::kLiteral};
  RETURN_IF_ERROR(ReadWire(item, kPictures, request, context));
  return request;
}

PictureSize FinishedSize(const v1::ItemRequest& item) {
  return {item.picture_width() == 0 ? item.width() : item.picture_width(),
          item.picture_height() == 0 ? item.height() : item.picture_height()};
}

}  // namespace imprint
