// Checks what the prompts of an image set name, before anything is drawn. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/imageset.pb.h>
#include <imprint/v1/registry.pb.h>

#include "gateway/api/set_texts.h"
#include "text/policy/prompt_policy.h"

namespace imprint::gateway {

// The most warnings about one job: more would help nobody.
inline constexpr size_t kMostWarnings = 100;

// The words that are tokens in a set's prompts.
struct KnownTokens {
  // The versions of spec.embeddings, in that order.
  std::vector<v1::Embedding> embeddings;
  // Tokens that are baked into the base model.
  std::vector<std::string> of_model;
};

// Returns INVALID_ARGUMENT naming a prompt that cannot be read: it has a weight beyond all limits,
// or calls a network by name, unless the spec says that angle brackets are text.
absl::Status CheckPrompts(const SetTexts& texts, const KnownTokens& known);

// Returns INVALID_ARGUMENT with the reason PROMPT_BLOCKED naming the first prompt that a policy,
// which may be null, blocks. What is kept out may name what is blocked.
absl::Status CheckPromptPolicy(const SetTexts& texts, const PromptPolicy* policy);

// A word in angle brackets that is not a token.
struct UnknownWord {
  // "spec.prompts[3]"
  std::string field;
  std::string word;
};

// Returns the first unknown word of the prompts or the negative prompt; none if the spec says that
// angle brackets are text.
std::optional<UnknownWord> FindUnknownWord(const SetTexts& texts, const KnownTokens& known);

// Returns INVALID_ARGUMENT saying which tokens exist, and which concept has the word, if one does.
absl::Status RefuseUnknownWord(const UnknownWord& unknown, const KnownTokens& known,
                               const std::vector<std::string>& concepts);

// Warns of pictures far larger than the model's own size; `context` stands before the field.
void WarnOfSize(const v1::ImageSetSpec& spec, const v1::BaseModel& model, absl::string_view context,
                std::vector<std::string>& warnings);

// Returns warnings about a set that will be drawn all the same: embeddings that no prompt uses,
// prompts that are cut, pictures far larger than the model's own size. Each begins with its field.
absl::StatusOr<std::vector<std::string>> WarningsOf(const SetTexts& texts,
                                                    const v1::BaseModel& model,
                                                    const KnownTokens& known);

}  // namespace imprint::gateway
