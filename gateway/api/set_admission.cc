#include "gateway/api/set_admission.h"

#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "gateway/api/embedding_pins.h"
#include "gateway/api/prompt_check.h"
#include "gateway/api/redraw_admission.h"
#include "gateway/api/registry_answer.h"
#include "gateway/api/set_texts.h"
#include "gateway/api/spec_parser.h"
#include "gateway/jobs/item_plan.h"
#include "rpc/status.h"
#include "sets/wire/planned_items.h"

namespace imprint::gateway {
namespace {

// "concepts/rex/embeddings/3" is of "concepts/rex".
std::string ConceptOf(const v1::Embedding& embedding) {
  return embedding.name().substr(0, embedding.name().find("/embeddings/"));
}

void Warn(const std::string& warning, AdmittedSet& set) {
  if (set.warnings.size() < kMostWarnings) set.warnings.push_back(warning);
}

// Of `others`, those that none of the embeddings is of: whoever wrote a prompt may mean them.
void WarnOfOthers(const std::vector<v1::Embedding>& embeddings,
                  const v1::CheckTokensResponse& checked, AdmittedSet& set) {
  std::set<std::string> meant;
  for (const v1::Embedding& embedding : embeddings) meant.insert(ConceptOf(embedding));
  for (const std::string& other : checked.other_concepts()) {
    if (meant.count(other) > 0) continue;
    Warn(absl::StrCat("spec.embeddings: ", other, " has one of their tokens, too; it is not drawn"),
         set);
  }
}

// Pins the embeddings, and refuses prompts that name what they are not.
absl::Status FitPrompts(RegistryClient& registry, const AdmissionRules& rules, AdmittedSet& set) {
  const v1::BaseModel& model = set.model;
  KnownTokens known;
  ASSIGN_OR_RETURN(known.embeddings, PinEmbeddings(model, registry, set.spec));
  std::vector<std::string> tokens;
  std::vector<std::string> fields;
  for (const v1::Embedding& embedding : known.embeddings) {
    fields.push_back(absl::StrCat("spec.embeddings[", tokens.size(), "]"));
    tokens.push_back(embedding.token());
  }
  ASSIGN_OR_RETURN(const auto checked, CheckTokens(model, tokens, fields, "", registry));
  known.of_model.assign(checked.model_tokens().begin(), checked.model_tokens().end());
  const SetTexts texts(set.spec, set.plan.get(), rules.is_gone);
  RETURN_IF_ERROR(CheckPrompts(texts, known));
  RETURN_IF_ERROR(CheckPromptPolicy(texts, rules.policy));
  if (const auto unknown = FindUnknownWord(texts, known)) {
    // Asked only now, to say which concept's embedding is missing.
    const auto others = registry.CheckTokens(model.name(), {unknown->word}, "");
    if (!others.ok()) return For("spec.base_model", others.status());
    return RefuseUnknownWord(*unknown, known,
                             {others->other_concepts().begin(), others->other_concepts().end()});
  }
  WarnOfOthers(known.embeddings, checked, set);
  ASSIGN_OR_RETURN(const auto warnings, WarningsOf(texts, model, known));
  for (const std::string& warning : warnings) Warn(warning, set);
  // Then not every prompt has been looked at.
  if (rules.is_gone && rules.is_gone()) return absl::CancelledError("the caller has gone");
  return absl::OkStatus();
}

// Every check reads each prompt, so that a small plan can ask for minutes of it.
absl::Status CheckPromptBytes(const sets::Expansion& plan) {
  constexpr size_t kMostBytes = 128 << 20;
  size_t bytes = 0;
  plan.ForEachCombination(plan.AxesOfPrompts(), [&](const auto& cell, int64_t) {
    const PictureRequest request = plan.RequestOf(cell);
    bytes += request.prompt.size() + request.negative_prompt.size();
    return bytes <= kMostBytes;
  });
  if (bytes <= kMostBytes) return absl::OkStatus();
  return FieldError("spec.plan", absl::StrCat("prompts of more than ", kMostBytes >> 20, " MiB"),
                    "at most that, of all that differ; make several sets");
}

// Checks that the model can draw each of the ways in which a plan's values are drawn.
absl::Status FitPlan(const JobCaps& caps, AdmittedSet& set) {
  const sets::Expansion& plan = *set.plan;
  RETURN_IF_ERROR(CheckPromptBytes(plan));
  double work = 0;
  absl::Status wrong;
  plan.ForEachCombination(plan.AxesOfSettings(), [&](const auto& cell, int64_t pictures) {
    v1::ImageSetSpec of_cell = sets::SpecOfCell(set.spec, plan, cell);
    wrong = FitToModel(set.model, of_cell);
    if (wrong.ok()) wrong = CheckCaps(caps, of_cell);
    if (!wrong.ok()) {
      wrong = InContext(absl::StrCat("spec.plan: pictures like ", plan.KeyOf(cell, 1)), wrong);
    }
    if (wrong.ok() && set.warnings.size() < kMostWarnings) {
      WarnOfSize(of_cell, set.model,
                 absl::StrCat("spec.plan: pictures like ", plan.KeyOf(cell, 1), ": "),
                 set.warnings);
    }
    work += ItemWork(of_cell) * static_cast<double>(pictures);
    return wrong.ok();
  });
  set.item_work = work / static_cast<double>(set.items);
  return wrong;
}

// Checks that pictures of the set that is extended may stand in this one, and draws the others as
// they were drawn.
absl::Status FitToExtended(RegistryClient& registry, AdmittedSet& set) {
  v1::ImageSetSpec& spec = set.spec;
  constexpr absl::string_view kField = "spec.extends";
  const auto earlier = registry.GetImageSet(spec.extends());
  if (!earlier.ok()) return For(kField, earlier.status());
  const v1::ImageSetSpec& drawn = earlier->spec();
  const auto differs = [&](absl::string_view what, absl::string_view had, absl::string_view has) {
    return absl::FailedPreconditionError(absl::StrCat(kField, ": got ", spec.extends(), ", with ",
                                                      what, " ", had, "; expected ", has,
                                                      ", as in this set"));
  };
  if (earlier->state() == v1::IMAGE_SET_STATE_OPEN) {
    return absl::FailedPreconditionError(absl::StrCat(kField, ": ", spec.extends(),
                                                      " is being drawn by ", earlier->job(),
                                                      "; wait until it has ended"));
  }
  if (earlier->base_model_fingerprint() != set.model.fingerprint()) {
    return differs("a base model of fingerprint", earlier->base_model_fingerprint(),
                   set.model.fingerprint());
  }
  if (drawn.plan().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(kField, ": ", spec.extends(), " has no plan, so that no picture has a key"));
  }
  // More may have come: no earlier prompt has their tokens.
  for (const std::string& name : drawn.embeddings()) {
    if (absl::c_linear_search(spec.embeddings(), name)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(kField, ": got ", spec.extends(), ", which was drawn with ", name,
                     "; expected that among spec.embeddings, which are ",
                     spec.embeddings().empty() ? "none" : absl::StrJoin(spec.embeddings(), ", ")));
  }
  if (drawn.format() != spec.format()) {
    return differs("format", v1::PictureFormat_Name(drawn.format()),
                   v1::PictureFormat_Name(spec.format()));
  }
  if (spec.precision() == "auto") spec.set_precision(drawn.precision());
  if (spec.batch_places() == 0) spec.set_batch_places(drawn.batch_places());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AdmittedSet> AdmitSet(const v1::ImageSetSpec& given, RegistryClient& registry,
                                     const AdmissionRules& rules) {
  RETURN_IF_ERROR(CheckLengths(given));
  if (given.has_redraw()) return AdmitRedraw(given, registry, rules);
  AdmittedSet set;
  v1::ImageSetSpec spec = given;
  if (!spec.plan().empty()) {
    RETURN_IF_ERROR(sets::CheckPlanAlone(spec));
    ASSIGN_OR_RETURN(set.plan, rules.plans.Of(spec.plan()));
    sets::FillFromPlan(set.plan->plan(), spec);
  }
  ASSIGN_OR_RETURN(set.spec, ParseImageSetSpec(spec));
  set.items = set.plan != nullptr ? set.plan->size() : ItemCount(set.spec);
  auto model = registry.GetBaseModel(set.spec.base_model());
  if (!model.ok()) return For("spec.base_model", model.status());
  set.model = *std::move(model);
  RETURN_IF_ERROR(FitToModel(set.model, set.spec));
  RETURN_IF_ERROR(CheckCaps(rules.caps, set.spec));
  RETURN_IF_ERROR(CheckItems(rules.caps, set.spec, set.items));
  set.item_work = ItemWork(set.spec);
  if (set.plan != nullptr) RETURN_IF_ERROR(FitPlan(rules.caps, set));
  RETURN_IF_ERROR(FitPrompts(registry, rules, set));
  if (!set.spec.extends().empty()) RETURN_IF_ERROR(FitToExtended(registry, set));
  return set;
}

}  // namespace imprint::gateway
