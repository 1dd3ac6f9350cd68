#include "orders/wire/picture_wire.h"

#include <string>
#include <vector>

#include "base/status_macros.h"
#include "orders/wire/field_wire.h"

namespace imprint {
namespace {

// Items say nothing of a second pass where there is none.
bool IsOfSecondPass(absl::string_view name) {
  return name == "upscale" || name == "upscale_strength";
}

}  // namespace

absl::StatusOr<PictureRequest> ParsePictures(const v1::ImageSetSpec& spec,
                                             absl::string_view context) {
  PictureRequest request;
  RETURN_IF_ERROR(ReadWire(spec, kPictureFields, request, context));
  RETURN_IF_ERROR(CheckFields(kPictureFields, request, context));
  return request;
}

void FillPictures(const PictureRequest& request,
                  const std::function<bool(const Field<PictureRequest>&)>& given,
                  v1::ImageSetSpec& spec) {
  WriteWire(kPictureFields, request, spec, given);
}

v1::ItemRequest SettingsOf(const v1::ImageSetSpec& spec) {
  std::vector<absl::string_view> names = {"precision"};
  for (const Field<PictureRequest>& row : kPictureFields) {
    if (spec.upscale() > 1 || !IsOfSecondPass(row.name)) names.push_back(row.name);
  }
  if (spec.upscale() > 1) names.insert(names.end(), {"picture_width", "picture_height"});
  v1::ItemRequest settings;
  CopyWire(spec, names, settings);
  return settings;
}

v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, int64_t index) {
  v1::ItemRequest item;
  item.set_index(index);
  item.set_prompt(spec.prompts(static_cast<int>(index / spec.seeds_size())));
  item.set_seed(spec.seeds(static_cast<int>(index % spec.seeds_size())));
  return item;
}

absl::StatusOr<PictureRequest> ParseItem(const v1::ItemRequest& item, absl::string_view context) {
  // Items of before there were styles are literal, and one whose guidance is not there had a zero,
  // which was not sent.
  PictureRequest request = {.prompt = item.prompt(),
                            .seed = item.seed(),
                            .guidance = 0,
                            .prompt_style = PromptStyle::kLiteral};
  RETURN_IF_ERROR(ReadWire(item, kPictureFields, request, context));
  return request;
}

PictureSize FinishedSize(const v1::ItemRequest& item) {
  return {item.picture_width() == 0 ? item.width() : item.picture_width(),
          item.picture_height() == 0 ? item.height() : item.picture_height()};
}

}  // namespace imprint
