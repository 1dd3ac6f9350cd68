// Any bytes as text: ids of the vocabulary, and a prompt of 77.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"

#include "text/clip_tokenizer.h"
#include "text/concept_vocabulary.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const tokenizer =
      new imprint::ClipTokenizer(*imprint::ClipTokenizer::Standard("!"));
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const imprint::TokenizedPrompt prompt = tokenizer->Encode(text, imprint::ConceptVocabulary());
  if (prompt.ids.size() != 77) std::abort();
  for (const int32_t id : tokenizer->EncodeBare(text)) {
    if (id < 0 || id >= tokenizer->vocabulary_size()) std::abort();
  }
  return 0;
}
