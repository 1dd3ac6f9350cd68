// Any bytes as a prompt: refused, or chunks of the shape that the text encoder reads.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"

#include "text/clip_tokenizer.h"
#include "text/concept_vocabulary.h"
#include "text/prompt_syntax.h"

namespace {

struct Words {
  imprint::ClipTokenizer tokenizer = *imprint::ClipTokenizer::Standard("<|endoftext|>");
  imprint::ConceptVocabulary concepts;

  Words() {
    for (const char* token : {"<mia>", "<mia2>", "(rex)", "ä[x]"}) {
      if (!concepts.Add(token, 3, tokenizer).ok()) std::abort();
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Words* const words = new Words();
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto style : {imprint::PromptStyle::kEmphasis, imprint::PromptStyle::kLiteral}) {
    const auto pieces = ParsePrompt(text, style, words->concepts.written());
    if (!pieces.ok()) continue;
    const imprint::ChunkedPrompt prompt = words->tokenizer.EncodeChunks(*pieces, words->concepts);
    if (prompt.chunks.empty() || prompt.chunks.size() > imprint::kMaxPromptChunks ||
        prompt.weights.size() != prompt.chunks.size() * 77 || prompt.kept > prompt.tokens) {
      std::abort();
    }
    for (const imprint::TokenizedPrompt& chunk : prompt.chunks) {
      if (chunk.ids.size() != 77 || chunk.kept > 75) std::abort();
    }
  }
  return 0;
}
