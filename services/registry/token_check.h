// Checks that a new token can be told apart from the words that a base model knows.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <imprint/v1/transfer.pb.h>

#include "services/registry/base_models.h"
#include "services/registry/concepts.h"

namespace imprint {
class ClipTokenizer;
}

namespace imprint::registry {

// Returns INVALID_ARGUMENT naming the field if a concept could not have that token with any model
// of the family; trainings refuse such tokens themselves. Thread-safe.
absl::Status CheckNewWord(absl::string_view field, const std::string& token);

// Thread-safe. Keeps the tokenizers of a few models, some MB each.
class TokenCheck {
 public:
  TokenCheck(BaseModels& models, Concepts& concepts) : models_(models), concepts_(concepts) {}

  // Returns which of the tokens cannot be used in a prompt together with those before them, and
  // why; which other concepts have one of them; and which tokens the model itself has. Returns
  // NOT_FOUND if there is no such model; errors of its tokenizer's files name them.
  absl::StatusOr<v1::CheckTokensResponse> Check(const v1::CheckTokensRequest& request);

 private:
  absl::StatusOr<std::shared_ptr<const ClipTokenizer>> TokenizerOf(const v1::BaseModel& model);

  BaseModels& models_;
  Concepts& concepts_;
  absl::Mutex mutex_;
  // Keyed by the model's fingerprint.
  std::map<std::string, std::shared_ptr<const ClipTokenizer>> tokenizers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint::registry
