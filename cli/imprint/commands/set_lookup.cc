#include "cli/imprint/commands/set_lookup.h"

#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "cli/imprint/client/base_models.h"
#include "cli/imprint/client/prompt_embeddings.h"

#include "base/status_macros.h"
#include "sets/plan_file.h"
#include "sets/prompt_check.h"

namespace imprint::cli {
namespace {

// The prompts, each once, and what is kept out.
PromptTexts TextsOf(const sets::Expansion& plan) {
  PromptTexts texts;
  std::set<std::string> negative;
  plan.ForEachCombination(plan.AxesOfPrompts(), [&](const auto& cell, int64_t) {
    PictureRequest request = plan.RequestOf(cell);
    texts.prompts.push_back(std::move(request.prompt));
    negative.insert(std::move(request.negative_prompt));
    return true;
  });
  texts.negative = absl::StrJoin(negative, " ");
  return texts;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const sets::Expansion>> ReadExpansion(const std::string& text,
                                                                     const std::string& origin) {
  ASSIGN_OR_RETURN(sets::Plan read, sets::ParsePlan(text, origin));
  ASSIGN_OR_RETURN(sets::Expansion made,
                   sets::Expansion::Make(std::make_shared<const sets::Plan>(std::move(read))));
  RETURN_IF_ERROR(sets::CheckPrompts(made));
  return std::make_shared<const sets::Expansion>(std::move(made));
}

absl::StatusOr<SetParts> FindSetParts(const sets::Expansion& plan, const std::string& model,
                                      const std::vector<std::string>& embeddings,
                                      Gateway& gateway) {
  SetParts parts;
  ASSIGN_OR_RETURN(const auto models, ListModels(gateway));
  ASSIGN_OR_RETURN(parts.model,
                   ChooseModel(models, model.empty() ? plan.plan().base_model : model));
  ASSIGN_OR_RETURN(
      parts.embeddings,
      ResolveEmbeddings(gateway, embeddings.empty() ? plan.plan().embeddings : embeddings,
                        TextsOf(plan)));
  return parts;
}

void FillParts(const SetParts& parts, v1::ImageSetSpec& spec) {
  spec.set_base_model(parts.model.name());
  for (const v1::Embedding& embedding : parts.embeddings) spec.add_embeddings(embedding.name());
}

}  // namespace imprint::cli
