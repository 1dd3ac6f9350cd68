#include "services/registry/token_check.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model_files/model_files.h"
#include "text/clip_tokenizer.h"
#include "text/concept_vocabulary.h"
#include "text/standard_tokenizer.h"

namespace imprint::registry {
namespace {

constexpr int kMaxTokens = 1000;
constexpr size_t kTokenizersKept = 4;

}  // namespace

absl::Status CheckNewWord(absl::string_view field, const std::string& token) {
  // A concept belongs to no model, so CLIP's own vocabulary is what its word must differ from.
  ASSIGN_OR_RETURN(const ClipTokenizer* const standard, StandardTokenizer());
  ConceptVocabulary concepts;
  const absl::Status added = concepts.Add(token, 1, *standard);
  if (added.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", absl::StripPrefix(added.message(), "token: ")));
}

absl::StatusOr<v1::CheckTokensResponse> TokenCheck::Check(const v1::CheckTokensRequest& request) {
  if (request.tokens_size() > kMaxTokens) {
    return FieldError("tokens", absl::StrCat(request.tokens_size()),
                      absl::StrCat("at most ", kMaxTokens));
  }
  const auto model = models_.Get(request.base_model());
  if (!model.ok()) return InContext("base_model", model.status());
  ASSIGN_OR_RETURN(const auto tokenizer, TokenizerOf(*model));
  ConceptVocabulary concepts;
  v1::CheckTokensResponse response;
  for (int i = 0; i < request.tokens_size(); ++i) {
    const absl::Status added = concepts.Add(request.tokens(i), 1, *tokenizer);
    if (added.ok()) continue;
    response.set_bad_token(i);
    response.set_problem(std::string(absl::StripPrefix(added.message(), "token: ")));
    break;
  }
  const std::vector<std::string> added = tokenizer->AddedWords();
  response.mutable_model_tokens()->Assign(added.begin(), added.end());
  ASSIGN_OR_RETURN(const std::vector<std::string> others,
                   concepts_.WithTokens({request.tokens().begin(), request.tokens().end()},
                                        request.concept_name()));
  response.mutable_other_concepts()->Assign(others.begin(), others.end());
  return response;
}

absl::StatusOr<std::shared_ptr<const ClipTokenizer>> TokenCheck::TokenizerOf(
    const v1::BaseModel& model) {
  // Held while a tokenizer is loaded, so that callers who ask at once do not all load it.
  const absl::MutexLock lock(&mutex_);
  if (const auto found = tokenizers_.find(model.fingerprint()); found != tokenizers_.end()) {
    return found->second;
  }
  ASSIGN_OR_RETURN(const auto files, engine::ModelFiles::Open(model.folder()));
  ASSIGN_OR_RETURN(ClipTokenizer tokenizer, files->LoadTokenizer());
  if (tokenizers_.size() == kTokenizersKept) tokenizers_.erase(tokenizers_.begin());
  return tokenizers_[model.fingerprint()] =
             std::make_shared<const ClipTokenizer>(std::move(tokenizer));
}

}  // namespace imprint::registry
