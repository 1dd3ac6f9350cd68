#include "services/rank/training_order.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "orders/wire/recipe_wire.h"
#include "services/node/gang_check.h"
#include "text/training_templates.h"

namespace imprint::rank {
namespace {

constexpr int kMaxTemplates = 1000;

// Until the slowest rank has loaded its model.
constexpr absl::Duration kJoinPatience = absl::Minutes(10);

absl::StatusOr<ConceptKind> ParseKind(v1::ConceptKind kind) {
  switch (kind) {
    case v1::CONCEPT_KIND_UNSPECIFIED:
    case v1::CONCEPT_KIND_OBJECT:
      return ConceptKind::kObject;
    case v1::CONCEPT_KIND_STYLE:
      return ConceptKind::kStyle;
    default:
      return FieldError("spec.kind", absl::StrCat(kind), "OBJECT or STYLE");
  }
}

bool HasOnePlace(const std::string& caption) {
  const size_t place = caption.find("{}");
  return place != std::string::npos && caption.find("{}", place + 1) == std::string::npos;
}

absl::StatusOr<std::vector<std::string>> ParseCaptions(const v1::TrainingSpec& spec) {
  ASSIGN_OR_RETURN(const ConceptKind kind, ParseKind(spec.kind()));
  if (spec.templates().empty()) return DefaultTemplates(kind);
  if (spec.templates_size() > kMaxTemplates) {
    return FieldError("spec.templates", absl::StrCat(spec.templates_size()),
                      absl::StrCat("at most ", kMaxTemplates));
  }
  std::vector<std::string> templates(spec.templates().begin(), spec.templates().end());
  for (const std::string& caption : templates) {
    if (!HasOnePlace(caption)) return FieldError("spec.templates", Quoted(caption), "{} once");
  }
  return templates;
}

}  // namespace

absl::StatusOr<TrainingOrder> ParseTrainingSpec(const v1::TrainingSpec& spec) {
  TrainingOrder order{.token = spec.token(), .class_word = spec.class_word(), .size = spec.size()};
  if (order.token.empty()) return FieldError("spec.token", "none", "the new word, such as <rex>");
  if (order.class_word.empty()) {
    return FieldError("spec.class_word", "none", "a word for what kind of thing it is");
  }
  ASSIGN_OR_RETURN(order.templates, ParseCaptions(spec));
  ASSIGN_OR_RETURN(order.recipe, ParseRecipe(spec.recipe(), "spec.recipe."));
  if (spec.size() < 0 || spec.size() > kMaxTrainingSide) {
    return FieldError("spec.size", absl::StrCat(spec.size()),
                      absl::StrCat("0 to ", kMaxTrainingSide));
  }
  if (spec.fit() != v1::SQUARE_FIT_UNSPECIFIED) order.fit = spec.fit();
  if (spec.checkpoint_every() < 0) {
    return FieldError("spec.checkpoint_every", absl::StrCat(spec.checkpoint_every()), "0 or more");
  }
  if (!spec.precision().empty()) {
    ASSIGN_OR_RETURN(const auto precision, ParsePrecision("spec.precision", spec.precision()));
    if (!precision) {
      return FieldError("spec.precision", Quoted(spec.precision()),
                        "what the job was admitted with");
    }
    order.precision = *precision;
  }
  if (spec.checkpoint_every() > 0) order.checkpoint_every = spec.checkpoint_every();
  return order;
}

absl::StatusOr<engine::GangPlace> ParseGangPlace(const v1::TrainRequest& request) {
  engine::GangPlace place;
  if (!request.has_gang()) return place;
  const v1::GangPlace& given = request.gang();
  RETURN_IF_ERROR(node::CheckGang(given, request.run().rank()));
  place.rank = request.run().rank();
  place.size = given.size();
  place.token = given.token();
  place.own_host = given.own_host();
  place.host = given.has_door() ? given.door().host() : given.own_host();
  place.port = given.door().port();
  place.join_patience = kJoinPatience;
  if (given.patience_seconds() > 0) place.patience = absl::Seconds(given.patience_seconds());
  return place;
}

absl::StatusOr<int> TrainingSize(const TrainingOrder& order, const engine::BaseModelInfo& model) {
  if (order.size == 0) return model.picture_size;
  if (order.size % model.size_multiple != 0) {
    return FieldError(
        "spec.size", absl::StrCat(order.size),
        absl::StrCat("a multiple of ", model.size_multiple, " up to ", kMaxTrainingSide));
  }
  return order.size;
}

engine::TrainingInput ToTrainingInput(const TrainingOrder& order, std::vector<RgbImage> pictures) {
  return {.token = order.token,
          .class_word = order.class_word,
          .pictures = std::move(pictures),
          .templates = order.templates,
          .recipe = order.recipe};
}

}  // namespace imprint::rank
