#include "engine/sampling/concept_set.h"

#include <vector>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model/model_parts.h"

namespace imprint::engine {
namespace {

// Names the models that have this width, if any of the field's do.
const char* FamilyOf(int width) {
  if (width == 768) return " (Stable Diffusion 1.x)";
  if (width == 1024) return " (Stable Diffusion 2.x)";
  return "";
}

}  // namespace

absl::StatusOr<ConceptSet> ConceptSet::Make(const BaseModel& model,
                                            std::span<const LearnedEmbedding> embeddings) {
  ConceptSet concepts;
  std::vector<at::Tensor> rows;
  for (const LearnedEmbedding& embedding : embeddings) {
    if (embedding.width != model.info().embedding_width) {
      return FieldError(
          absl::StrCat("embedding ", Quoted(embedding.token), ": width"),
          absl::StrCat(embedding.width, FamilyOf(embedding.width)),
          absl::StrCat(model.info().embedding_width, FamilyOf(model.info().embedding_width),
                       ", as this model has"));
    }
    RETURN_IF_ERROR(concepts.vocabulary.Add(embedding.token, embedding.vectors, model.tokenizer()));
    rows.push_back(at::tensor(embedding.values).view({embedding.vectors, embedding.width}));
  }
  if (!rows.empty()) concepts.rows = at::cat(rows).to(model.parts().device);
  return concepts;
}

}  // namespace imprint::engine
