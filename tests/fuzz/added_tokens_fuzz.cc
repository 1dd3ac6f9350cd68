// Any bytes as one of the files in which a tokenizer's added tokens stand, by the first byte:
// refused, or tokens that prompts are read with.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/string_view.h"

#include "base/scratch_folder.h"
#include "text/added_tokens.h"
#include "text/byte_pair_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const vocabulary =
      new imprint::BytePairEncoding(*imprint::BytePairEncoding::Clip());
  static const imprint::ScratchFolder folder;
  constexpr const char* kFiles[] = {"tokenizer_config.json", "added_tokens.json", "tokenizer.json"};
  if (size == 0) return 0;
  const std::filesystem::path file = folder.Write(
      kFiles[data[0] % 3], absl::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  const auto added = imprint::AddedTokens::Load(folder.path(), *vocabulary);
  std::filesystem::remove(file);
  if (!added.ok()) return 0;
  constexpr absl::string_view kPrompt = "a <rex>, <REX>_1 and\tdogs <a>b c";
  for (const bool normalized : {false, true}) {
    size_t whole = 0;
    for (const auto& piece : added->Split(kPrompt, normalized)) whole += piece.text.size();
    if (whole != kPrompt.size()) std::abort();
  }
  if (added->Spread(kPrompt).size() < kPrompt.size()) std::abort();
  for (const auto& token : added->tokens()) {
    if (token.id < 0 || token.id >= added->end_id()) std::abort();
  }
  return 0;
}
