#include "engine/sampling/prompt_cache.h"

#include "engine/model/model_parts.h"

namespace imprint {
namespace {

// 256 prompts of Stable Diffusion 1.5 take 60 MB. Forgetting all at once keeps it simple.
constexpr size_t kMaxPrompts = 256;

}  // namespace

at::Tensor PromptCache::Encode(const std::string& prompt) {
  if (const auto found = states_.find(prompt); found != states_.end()) return found->second;
  if (states_.size() >= kMaxPrompts) states_.clear();
  const TokenizedPrompt tokenized = model_.tokenizer().Encode(prompt, concepts_.vocabulary);
  const at::Tensor state =
      model_.parts().text_encoder.Forward({&tokenized, 1}, concepts_.rows).squeeze(0);
  states_.emplace(prompt, state);
  return state;
}

}  // namespace imprint
