#include "engine/sampling/prompt_cache.h"

#include <algorithm>

#include "engine/model/model_parts.h"
#include "engine/sampling/emphasis.h"

namespace imprint::engine {
namespace {

// 256 chunks of Stable Diffusion 1.5 take 60 MB. Forgetting all at once keeps it simple.
constexpr int64_t kMaxChunks = 256;

// `states` with copies of the one chunk `empty` after them, until there are `chunks`.
at::Tensor Lengthened(const at::Tensor& states, const at::Tensor& empty, int64_t chunks) {
  return at::cat({states, empty.expand({chunks - states.size(0), -1, -1})});
}

}  // namespace

at::Tensor PromptCache::Context(const PromptPair& prompts, int clip_skip) {
  at::Tensor positive = Encode({prompts.positive, clip_skip});
  if (prompts.negative == nullptr) return positive.flatten(0, 1).unsqueeze(0);
  at::Tensor negative = Encode({prompts.negative, clip_skip});
  if (positive.size(0) != negative.size(0)) {
    // AUTOMATIC1111's web UI lengthens the shorter one in this way.
    const at::Tensor empty = Encode({&empty_, clip_skip});
    const int64_t chunks = std::max(positive.size(0), negative.size(0));
    positive = Lengthened(positive, empty, chunks);
    negative = Lengthened(negative, empty, chunks);
  }
  // [2, chunks * length, width]
  return at::stack({negative.flatten(0, 1), positive.flatten(0, 1)});
}

at::Tensor PromptCache::Encode(const Key& key) {
  if (const auto found = states_.find(key); found != states_.end()) return found->second;
  if (chunks_ >= kMaxChunks) {
    states_.clear();
    chunks_ = 0;
  }
  const auto& [prompt, clip_skip] = key;
  const at::Tensor hidden =
      model_.parts().text_encoder.Forward(prompt->chunks, concepts_.rows, clip_skip);
  chunks_ += hidden.size(0);
  return states_.emplace(key, Emphasize(hidden, prompt->weights)).first->second;
}

}  // namespace imprint::engine
