#include "engine/sampling/prompt_cache.h"

#include <algorithm>

#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/sampling/emphasis.h"
#include "engine/sampling/prompt_reading.h"

namespace imprint::engine {
namespace {

// 256 chunks of Stable Diffusion 1.5 take 60 MB. Forgetting all at once keeps it simple.
constexpr int64_t kMaxChunks = 256;

// `states` with copies of the one chunk `empty` after them, until there are `chunks`.
at::Tensor Lengthened(const at::Tensor& states, const at::Tensor& empty, int64_t chunks) {
  return at::cat({states, empty.expand({chunks - states.size(0), -1, -1})});
}

}  // namespace

absl::StatusOr<at::Tensor> PromptCache::Context(const PictureRequest& request) {
  const auto encode = [&](const std::string& prompt) {
    return Encode({prompt, request.prompt_style, request.clip_skip});
  };
  ASSIGN_OR_RETURN(at::Tensor positive, encode(request.prompt));
  if (!request.guided()) return positive.flatten(0, 1).unsqueeze(0);
  ASSIGN_OR_RETURN(at::Tensor negative, encode(request.negative_prompt));
  if (positive.size(0) != negative.size(0)) {
    // AUTOMATIC1111's web UI lengthens the shorter one in this way.
    ASSIGN_OR_RETURN(const at::Tensor empty, encode(""));
    const int64_t chunks = std::max(positive.size(0), negative.size(0));
    positive = Lengthened(positive, empty, chunks);
    negative = Lengthened(negative, empty, chunks);
  }
  // [2, chunks * length, width]
  return at::stack({negative.flatten(0, 1), positive.flatten(0, 1)});
}

absl::StatusOr<at::Tensor> PromptCache::Encode(const Key& key) {
  if (const auto found = states_.find(key); found != states_.end()) return found->second;
  if (chunks_ >= kMaxChunks) {
    states_.clear();
    chunks_ = 0;
  }
  const auto& [text, style, clip_skip] = key;
  ASSIGN_OR_RETURN(const ChunkedPrompt prompt,
                   ReadPrompt(model_.tokenizer(), concepts_.vocabulary, text, style));
  const at::Tensor hidden =
      model_.parts().text_encoder.Forward(prompt.chunks, concepts_.rows, clip_skip);
  chunks_ += hidden.size(0);
  return states_.emplace(key, Emphasize(hidden, prompt.weights)).first->second;
}

}  // namespace imprint::engine
