#include "gateway/api/prompt_check.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "rpc/status.h"
#include "text/clip_tokenizer.h"
#include "text/concept_vocabulary.h"
#include "text/policy/policy_file.h"
#include "text/prompt_syntax.h"
#include "text/prompt_words.h"
#include "text/standard_tokenizer.h"
#include "text/written_tokens.h"

namespace imprint::gateway {
namespace {

// Pictures of twice the side that a model was trained on begin to repeat their subject.
constexpr int kFarBeyond = 2;
// A prompt of so many bytes, each a token at most, is never cut unless it has a BREAK: a concept of
// up to kFewVectors vectors that does not fit into the rest of a chunk leaves 60 places of its 75,
// and there are kMaxPromptChunks.
constexpr size_t kNeverCutBytes = 300;
constexpr int kFewVectors = 16;
constexpr int64_t kMostTokenised = 20'000;

std::vector<std::string> TokensOf(const KnownTokens& known) {
  std::vector<std::string> tokens;
  for (const v1::Embedding& embedding : known.embeddings) tokens.push_back(embedding.token());
  return tokens;
}

WrittenTokens Written(const KnownTokens& known) {
  std::vector<std::string> tokens = TokensOf(known);
  tokens.insert(tokens.end(), known.of_model.begin(), known.of_model.end());
  return WrittenTokens(tokens);
}

void WarnOfUnused(const SetTexts& texts, const KnownTokens& known,
                  std::vector<std::string>& warnings) {
  const WrittenTokens written(TokensOf(known));
  PromptWords words;
  texts.ForEach([&](const SetTexts::Text& prompt) {
    Merge(FindPromptWords(prompt.text, prompt.style, written), words);
    return words.tokens.size() < known.embeddings.size();
  });
  for (size_t i = 0; i < known.embeddings.size(); ++i) {
    const std::string& token = known.embeddings[i].token();
    if (words.tokens.count(token) > 0) continue;
    warnings.push_back(absl::StrCat("spec.embeddings[", i, "]: no prompt has ", token,
                                    ", its token; it is not used"));
  }
}

absl::Status WarnOfCut(const SetTexts& texts, const KnownTokens& known,
                       std::vector<std::string>& warnings) {
  ASSIGN_OR_RETURN(const ClipTokenizer* const tokenizer, StandardTokenizer());
  ConceptVocabulary concepts;
  for (const v1::Embedding& embedding : known.embeddings) {
    RETURN_IF_ERROR(concepts.Add(embedding.token(), std::max(1, embedding.vectors()), *tokenizer));
  }
  // Fails for a token that an embedding has, too: a prompt then names the embedding's.
  for (const std::string& token : known.of_model) (void)concepts.Add(token, 1, *tokenizer);
  const WrittenTokens written = Written(known);
  const bool bytes_tell = absl::c_all_of(known.embeddings, [](const v1::Embedding& embedding) {
    return embedding.vectors() <= std::min<int64_t>(std::ssize(embedding.token()), kFewVectors);
  });
  int64_t looked_at = 0;
  texts.ForEach([&](const SetTexts::Text& prompt) {
    if (bytes_tell && prompt.text.size() <= kNeverCutBytes &&
        !absl::StrContains(prompt.text, "BREAK")) {
      return true;
    }
    // Warnings are help, and no more: what takes minutes to look at is left.
    if (++looked_at > kMostTokenised) return false;
    const auto pieces = ParsePrompt(prompt.text, prompt.style, written);
    if (!pieces.ok()) return true;
    const ChunkedPrompt read = tokenizer->EncodeChunks(*pieces, concepts);
    if (read.kept < read.tokens) {
      warnings.push_back(absl::StrCat(prompt.field(), ": the first ", read.kept, " of its ",
                                      read.tokens, " tokens are read, the others are cut off"));
    }
    return warnings.size() < kMostWarnings;
  });
  return absl::OkStatus();
}

}  // namespace

void WarnOfSize(const v1::ImageSetSpec& spec, const v1::BaseModel& model, absl::string_view context,
                std::vector<std::string>& warnings) {
  const auto check = [&](absl::string_view field, int side) {
    if (model.picture_size() == 0 || side <= kFarBeyond * model.picture_size()) return;
    warnings.push_back(absl::StrCat(field, ": ", side, " is more than ", kFarBeyond,
                                    " times the model's own ", model.picture_size(),
                                    "; such pictures repeat their subject: draw smaller ones and "
                                    "let spec.upscale enlarge them"));
  };
  check(absl::StrCat(context, "width"), spec.width());
  check(absl::StrCat(context, "height"), spec.height());
}

absl::Status CheckPrompts(const SetTexts& texts, const KnownTokens& known) {
  const WrittenTokens written = Written(known);
  absl::Status problem;
  texts.ForEach([&](const SetTexts::Text& prompt) {
    const absl::Status read = ParsePrompt(prompt.text, prompt.style, written).status();
    if (!read.ok()) problem = InContext(prompt.field(), read);
    if (!read.ok() || texts.spec().angle_brackets_are_text()) return read.ok();
    const PromptWords words = FindPromptWords(prompt.text, prompt.style, written);
    if (words.network_calls.empty()) return true;
    problem = FieldError(prompt.field(), Quoted(*words.network_calls.begin()),
                         "no call of a network, which has no effect here; or "
                         "spec.angle_brackets_are_text");
    return false;
  });
  return problem;
}

absl::Status CheckPromptPolicy(const SetTexts& texts, const PromptPolicy* policy) {
  absl::Status problem;
  if (policy == nullptr) return problem;
  texts.ForEach([&](const SetTexts::Text& prompt) {
    if (prompt.is_negative || !policy->Find(prompt.text, prompt.style)) return true;
    problem = WithReason(CheckPolicy(policy, prompt.field(), prompt.text, prompt.style),
                         "PROMPT_BLOCKED");
    return false;
  });
  return problem;
}

std::optional<UnknownWord> FindUnknownWord(const SetTexts& texts, const KnownTokens& known) {
  std::optional<UnknownWord> found;
  if (texts.spec().angle_brackets_are_text()) return found;
  const WrittenTokens written = Written(known);
  texts.ForEach([&](const SetTexts::Text& prompt) {
    const PromptWords words = FindPromptWords(prompt.text, prompt.style, written);
    if (!words.unknown.empty()) found = {.field = prompt.field(), .word = *words.unknown.begin()};
    return !found.has_value();
  });
  return found;
}

absl::Status RefuseUnknownWord(const UnknownWord& unknown, const KnownTokens& known,
                               const std::vector<std::string>& concepts) {
  constexpr absl::string_view kOrText = ", or spec.angle_brackets_are_text";
  if (!concepts.empty()) {
    return FieldError(unknown.field, Quoted(unknown.word),
                      absl::StrCat("an embedding of ", absl::StrJoin(concepts, " or "),
                                   ", which has that token, among spec.embeddings", kOrText));
  }
  std::vector<std::string> tokens = TokensOf(known);
  tokens.insert(tokens.end(), known.of_model.begin(), known.of_model.end());
  return FieldError(unknown.field, Quoted(unknown.word),
                    absl::StrCat("a token of spec.embeddings", tokens.empty() ? "" : " (",
                                 absl::StrJoin(tokens, ", "), tokens.empty() ? "" : ")", kOrText));
}

absl::StatusOr<std::vector<std::string>> WarningsOf(const SetTexts& texts,
                                                    const v1::BaseModel& model,
                                                    const KnownTokens& known) {
  std::vector<std::string> warnings;
  WarnOfUnused(texts, known, warnings);
  WarnOfSize(texts.spec(), model, "spec.", warnings);
  RETURN_IF_ERROR(WarnOfCut(texts, known, warnings));
  return warnings;
}

}  // namespace imprint::gateway
