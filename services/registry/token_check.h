// Whether new words can be told from those that a base model knows.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include <imprint/v1/transfer.pb.h>

#include "services/registry/base_models.h"

namespace imprint {

class ClipTokenizer;

// Thread-safe. Keeps the tokenizers of a few models, some MB each.
class TokenCheck {
 public:
  explicit TokenCheck(BaseModels& models) : models_(models) {}

  // Which of the tokens cannot stand in a prompt beside those before it, and why. NOT_FOUND if
  // there is no such model; errors of its tokenizer's files name them.
  absl::StatusOr<v1::CheckTokensResponse> Check(const v1::CheckTokensRequest& request);

 private:
  absl::StatusOr<std::shared_ptr<const ClipTokenizer>> TokenizerOf(const v1::BaseModel& model);

  BaseModels& models_;
  absl::Mutex mutex_;
  // By fingerprint.
  std::map<std::string, std::shared_ptr<const ClipTokenizer>> tokenizers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imprint
