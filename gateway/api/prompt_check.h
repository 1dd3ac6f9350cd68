// What the prompts of an image set name, before anything is drawn of them. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/imageset.pb.h>
#include <imprint/v1/registry.pb.h>

namespace imprint::gateway {

// Said of one job: another would help nobody.
inline constexpr size_t kMostWarnings = 100;

// Which words are tokens in a set's prompts.
struct KnownTokens {
  // spec.embeddings, in their order.
  std::vector<v1::Embedding> embeddings;
  // Those that are baked into the base model.
  std::vector<std::string> of_model;
};

// INVALID_ARGUMENT naming the prompt that cannot be read: a weight beyond all limits, or a network
// called by its name, unless the spec says that angle brackets are text.
absl::Status CheckPrompts(const v1::ImageSetSpec& spec, const KnownTokens& known);

// A word in angle brackets that is no token.
struct UnknownWord {
  // "spec.prompts[3]"
  std::string field;
  std::string word;
};

// The first in the prompts, or in the negative one; none where the spec says that they are text.
std::optional<UnknownWord> FindUnknownWord(const v1::ImageSetSpec& spec, const KnownTokens& known);

// INVALID_ARGUMENT saying which tokens there are, and which concept has the word, if one does.
absl::Status RefuseUnknownWord(const UnknownWord& unknown, const KnownTokens& known,
                               const std::vector<std::string>& concepts);

// What somebody should know of a set that will be drawn all the same: embeddings that no prompt
// uses, prompts that are cut, pictures far larger than the model's own. Each begins with its field.
absl::StatusOr<std::vector<std::string>> WarningsOf(const v1::ImageSetSpec& spec,
                                                    const v1::BaseModel& model,
                                                    const KnownTokens& known);

}  // namespace imprint::gateway
