#include "sets/wire/planned_items.h"

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/picture_size.h"
#include "orders/picture_request.h"
#include "orders/upscaling.h"
#include "orders/wire/field_wire.h"
#include "orders/wire/picture_wire.h"

namespace imprint::sets {
namespace {

using Rows = std::vector<const Field<PictureRequest>*>;

// These hang together: one that a cell gives changes the others.
bool IsOfSize(absl::string_view name) {
  return name == "width" || name == "height" || name == "upscale" || name == "upscale_strength";
}

// Sets what a cell's values give; `to` is a spec or an item.
template <typename Message>
void FillFromCell(const v1::ImageSetSpec& set, const PictureRequest& cell, const Rows& given,
                  Message& to) {
  WriteWire<PictureRequest>(kPictureFields, cell, to, [&](const auto& row) {
    return !IsOfSize(row.name) && absl::c_linear_search(given, &row);
  });
  const auto gives = [&](absl::string_view name) {
    return absl::c_any_of(given, [&](const auto* row) { return row->name == name; });
  };
  if (!absl::c_any_of(given, [](const auto* row) { return IsOfSize(row->name); })) return;
  // 0 is the set's own size, and the width for the height.
  const bool sized = gives("width") || gives("height");
  PictureSize size = {set.width(), set.height()};
  if (sized && cell.width > 0) size.width = cell.width;
  if (sized) size.height = cell.height > 0 ? cell.height : size.width;
  const PictureSize finished =
      Enlarged(size, cell.upscale, set.size_multiple() > 0 ? set.size_multiple() : 1);
  to.set_width(size.width);
  to.set_height(size.height);
  to.set_upscale(cell.upscale);
  to.set_upscale_strength(cell.upscale_strength);
  to.set_picture_width(finished.width);
  to.set_picture_height(finished.height);
}

}  // namespace

absl::Status CheckPlanAlone(const v1::ImageSetSpec& spec) {
  for (const Field<PictureRequest>& row : kPictureFields) {
    if (!spec.GetReflection()->HasField(spec, &WireField(spec, row.name))) continue;
    return FieldError(absl::StrCat("spec.", row.name), "a value",
                      "nothing: spec.plan says how its pictures are drawn");
  }
  return absl::OkStatus();
}

void LeaveToPlan(v1::ImageSetSpec& spec) {
  for (const Field<PictureRequest>& row : kPictureFields) {
    spec.GetReflection()->ClearField(&spec, &WireField(spec, row.name));
  }
}

void FillFromPlan(const Plan& plan, v1::ImageSetSpec& spec) {
  if (spec.base_model().empty()) spec.set_base_model(plan.base_model);
  if (spec.embeddings().empty()) {
    spec.mutable_embeddings()->Assign(plan.embeddings.begin(), plan.embeddings.end());
  }
  if (spec.title().empty()) spec.set_title(plan.title);
  WriteWire<PictureRequest>(kPictureFields, plan.settings.values, spec, [&](const auto& row) {
    return absl::c_linear_search(plan.settings.given, &row);
  });
}

v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, const Expansion* plan, int64_t index) {
  if (plan == nullptr) return imprint::ItemOf(spec, index);
  const Item planned = plan->At(index);
  v1::ItemRequest item;
  item.set_index(index);
  item.set_key(planned.key);
  item.set_prompt(planned.request.prompt);
  item.set_seed(planned.request.seed);
  item.mutable_spare_seeds()->Assign(planned.spare_seeds.begin(), planned.spare_seeds.end());
  item.mutable_alt_text()->insert(planned.alt_text.begin(), planned.alt_text.end());
  FillFromCell(spec, planned.request, plan->GivenBy(planned.cell), item);
  return item;
}

v1::ImageSetSpec SpecOfCell(const v1::ImageSetSpec& spec, const Expansion& plan,
                            const std::vector<size_t>& cell) {
  v1::ImageSetSpec of_cell;
  std::vector<absl::string_view> names = {"precision", "picture_width", "picture_height",
                                          "size_multiple"};
  for (const Field<PictureRequest>& row : kPictureFields) names.push_back(row.name);
  CopyWire(spec, names, of_cell);
  FillFromCell(spec, plan.RequestOf(cell), plan.GivenBy(cell), of_cell);
  return of_cell;
}

}  // namespace imprint::sets
