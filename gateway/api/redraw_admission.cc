#include "gateway/api/redraw_admission.h"

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "base/text_field.h"
#include "gateway/api/embedding_pins.h"
#include "gateway/api/prompt_check.h"
#include "gateway/api/registry_answer.h"
#include "gateway/jobs/item_plan.h"
#include "orders/picture_request.h"
#include "orders/set_limits.h"
#include "orders/wire/field_wire.h"

namespace imprint::gateway {
namespace {

// A spec that says what is to be drawn again may say no more than that; one that a server has
// filled in is taken again.
absl::Status CheckSaysNoMore(v1::ImageSetSpec given, const v1::ImageSetSpec& filled) {
  const auto names = [](const v1::ImageSetSpec& spec) {
    return absl::StrJoin(spec.embeddings(), ", ");
  };
  const auto check = [](absl::string_view field, const auto& value, const auto& own, bool open) {
    if (open || value == own) return absl::OkStatus();
    return FieldError(absl::StrCat("spec.", field), absl::StrCat(value),
                      absl::StrCat("nothing, or the set's own, ", own));
  };
  RETURN_IF_ERROR(
      check("base_model", given.base_model(), filled.base_model(), given.base_model().empty()));
  RETURN_IF_ERROR(check("embeddings", names(given), names(filled), given.embeddings().empty()));
  RETURN_IF_ERROR(check("format", given.format(), filled.format(), given.format() == 0));
  RETURN_IF_ERROR(check("precision", given.precision(), filled.precision(),
                        given.precision().empty() || given.precision() == "auto"));
  RETURN_IF_ERROR(check("batch_places", given.batch_places(), filled.batch_places(),
                        given.batch_places() == 0));
  given.clear_base_model();
  given.clear_embeddings();
  given.clear_format();
  given.clear_precision();
  given.clear_batch_places();
  given.clear_redraw();
  given.clear_title();
  std::vector<const google::protobuf::FieldDescriptor*> left;
  given.GetReflection()->ListFields(given, &left);
  if (left.empty()) return absl::OkStatus();
  return FieldError(absl::StrCat("spec.", left.front()->name()), "a value",
                    "nothing beside spec.redraw");
}

absl::StatusOr<v1::BaseModel> ModelOf(const v1::ImageSet& set, RegistryClient& registry) {
  auto model = registry.GetBaseModel(set.spec().base_model());
  const auto needs = [&](absl::string_view what) {
    return absl::FailedPreconditionError(
        absl::StrCat("spec.redraw: ", set.name(), " was drawn with the base model of fingerprint ",
                     set.base_model_fingerprint(), "; ", set.spec().base_model(), " ", what,
                     ": register a copy of that model as ", set.spec().base_model()));
  };
  if (absl::IsNotFound(model.status())) return needs("is not registered any more");
  if (!model.ok()) return For("spec.redraw", model.status());
  if (model->fingerprint() != set.base_model_fingerprint()) {
    return needs(absl::StrCat("has another, ", model->fingerprint()));
  }
  return model;
}

// As a spec of all of its pictures would say it.
v1::ImageSetSpec SpecOf(const v1::ItemRequest& item) {
  v1::ImageSetSpec spec;
  std::vector<absl::string_view> names = {"picture_width", "picture_height"};
  for (const Field<PictureRequest>& row : kPictureFields) names.push_back(row.name);
  CopyWire(item, names, spec);
  return spec;
}

}  // namespace

absl::StatusOr<AdmittedSet> AdmitRedraw(const v1::ImageSetSpec& given, RegistryClient& registry,
                                        const AdmissionRules& rules) {
  const v1::Redraw& redraw = given.redraw();
  constexpr absl::string_view kSet = "spec.redraw.image_set";
  RETURN_IF_ERROR(ParseResourceName(kSet, redraw.image_set(), "imageSets/*").status());
  RETURN_IF_ERROR(CheckText("spec.title", given.title(), kMaxSetTitleBytes, /*may_be_empty=*/true));
  const auto drawn = registry.GetImageSet(redraw.image_set());
  if (!drawn.ok()) return For(kSet, drawn.status());
  AdmittedSet set;
  set.spec.set_title(given.title());
  *set.spec.mutable_redraw() = redraw;
  CopyWire(drawn->spec(), {"base_model", "format", "precision", "batch_places"}, set.spec);
  *set.spec.mutable_embeddings() = drawn->spec().embeddings();
  RETURN_IF_ERROR(CheckSaysNoMore(given, set.spec));
  ASSIGN_OR_RETURN(set.model, ModelOf(*drawn, registry));
  RETURN_IF_ERROR(PinEmbeddings(set.model, registry, set.spec).status());
  set.items = redraw.items_size();
  RETURN_IF_ERROR(CheckItems(rules.caps, set.spec, set.items));
  std::set<int64_t> seen;
  double work = 0;
  for (int i = 0; i < redraw.items_size(); ++i) {
    const std::string field = absl::StrCat("spec.redraw.items[", i, "]");
    const int64_t index = redraw.items(i);
    if (!seen.insert(index).second) return FieldError(field, absl::StrCat(index, " twice"), "once");
    const auto item = registry.GetItem(absl::StrCat(redraw.image_set(), "/items/", index));
    if (!item.ok()) return For(field, item.status());
    // The policy may be younger than the picture.
    v1::ImageSetSpec of_item = SpecOf(item->request());
    of_item.add_prompts(item->request().prompt());
    RETURN_IF_ERROR(InContext(field, CheckPromptPolicy(SetTexts(of_item), rules.policy)));
    work += ItemWork(of_item);
  }
  set.item_work = work / static_cast<double>(set.items);
  return set;
}

}  // namespace imprint::gateway
