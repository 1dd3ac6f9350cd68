#include "cli/imprint/client/prompt_embeddings.h"

#include <functional>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "cli/imprint/client/listing.h"
#include "cli/imprint/client/resource_options.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "text/unicode_text.h"

namespace imprint::cli {

absl::StatusOr<std::vector<std::string>> ConceptsOf(const PromptTexts& texts,
                                                    const std::vector<v1::Concept>& concepts) {
  std::set<std::string> tokens;
  for (const v1::Concept& each : concepts) {
    if (!each.newest_embedding().empty()) tokens.insert(each.token());
  }
  // By the word that a token is, whatever its case and form, with the concept that has it.
  std::map<std::string, std::string> found;
  for (const std::string& token : WordsIn(texts, tokens).tokens) {
    found.emplace(NormalizeForClip(token), "");
  }
  std::vector<std::string> names;
  for (const v1::Concept& each : concepts) {
    const auto entry = found.find(NormalizeForClip(each.token()));
    if (entry == found.end() || each.newest_embedding().empty()) continue;
    if (!entry->second.empty()) {
      return FieldError(
          "embedding", "none",
          absl::StrCat("--embedding ", ShortName(entry->second), " or --embedding ",
                       ShortName(each.name()), ": both have the token ", each.token()));
    }
    entry->second = each.name();
    names.push_back(each.newest_embedding());
  }
  return names;
}

absl::StatusOr<std::vector<v1::Embedding>> ResolveEmbeddings(Gateway& gateway,
                                                             const std::vector<std::string>& given,
                                                             const PromptTexts& texts) {
  std::vector<std::string> names;
  for (const std::string& each : given) {
    ASSIGN_OR_RETURN(names.emplace_back(), EmbeddingName(each));
  }
  if (given.empty()) {
    ASSIGN_OR_RETURN(const auto concepts, ListConcepts(gateway));
    ASSIGN_OR_RETURN(names, ConceptsOf(texts, concepts));
  }
  std::vector<v1::Embedding> embeddings;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(embeddings.emplace_back(), GetEmbedding(gateway, name));
  }
  return embeddings;
}

absl::StatusOr<v1::Embedding> GetEmbedding(Gateway& gateway, const std::string& name) {
  v1::GetEmbeddingRequest request;
  request.set_name(name);
  return gateway.Call(&RegistryCalls::GetEmbedding, request);
}

absl::StatusOr<std::vector<v1::Concept>> ListConcepts(Gateway& gateway) {
  std::vector<v1::Concept> concepts;
  RETURN_IF_ERROR(
      ForEachPage(gateway, &RegistryCalls::ListConcepts, v1::ListConceptsRequest(),
                  std::function<bool(const v1::ListConceptsResponse&)>([&](const auto& page) {
                    concepts.insert(concepts.end(), page.concepts().begin(), page.concepts().end());
                    return true;
                  })));
  return concepts;
}

}  // namespace imprint::cli
