// How embedding files of the field name the word: by a tensor's name or by the file's.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

enum class EmbeddingLayout {
  // {word: [n, d]}: Diffusers, and with the file's name for the word AUTOMATIC1111 and ComfyUI.
  kDiffusers,
  // {"emb_params": [n, d]}, for kohya's scripts; the word is the file's name.
  kKohya,
  // The same for InvokeAI, whose prompts have the file's name in <>: of Diffusers' layout its
  // 6.14.2 takes the first side, the number of vectors, for the width, and refuses the file.
  kInvokeAi
};

// "diffusers", "kohya", "invokeai".
absl::string_view Name(EmbeddingLayout layout);
std::vector<std::string> EmbeddingLayoutNames();

// INVALID_ARGUMENT naming the field, and the layouts that there are.
absl::StatusOr<EmbeddingLayout> ParseEmbeddingLayout(absl::string_view field,
                                                     absl::string_view name);

// The word as files have it for a key: in lower case and composed (NFC), the form in which
// transformers looks for words. A key with a capital is found there, too, but its second and
// further vectors never are.
std::string EmbeddingKey(absl::string_view token);

// The word as a key has it, without the <> around it: what the file is called by whose name the
// word is known.
std::string EmbeddingFileStem(absl::string_view token);

// The name of a file for `token`: learned_embeds.safetensors in Diffusers' layout, else the word
// without <>. INVALID_ARGUMENT, naming the token, if a file cannot be called so, or InvokeAI's
// prompts could not name it.
absl::StatusOr<std::string> EmbeddingFileName(EmbeddingLayout layout, absl::string_view token);

// OK if `layout` has no need of the file's name, or a word may be called like it. INVALID_ARGUMENT
// naming the field.
absl::Status CheckEmbeddingFileStem(EmbeddingLayout layout, absl::string_view field,
                                    absl::string_view stem);

}  // namespace imprint
