// How embedding files name the word: by a tensor's name or by the file's.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

enum class EmbeddingLayout {
  // {word: [n, d]}, for Diffusers, and for AUTOMATIC1111 and ComfyUI, which take the file's name
  // for the word.
  kDiffusers,
  // {"emb_params": [n, d]}, for kohya's scripts; the word is the file's name.
  kKohya,
  // The same as kKohya, for InvokeAI, whose prompts have the file's name in <>: in Diffusers'
  // layout, its version 6.14.2 takes the first side, the number of vectors, for the width, and
  // refuses the file.
  kInvokeAi
};

// Returns "diffusers", "kohya" or "invokeai".
absl::string_view Name(EmbeddingLayout layout);
std::vector<std::string> EmbeddingLayoutNames();

// Parses a layout's name. INVALID_ARGUMENT naming the field, and the layouts that there are.
absl::StatusOr<EmbeddingLayout> ParseEmbeddingLayout(absl::string_view field,
                                                     absl::string_view name);

// Returns the word as files have it for a key: in lower case and composed (NFC), the form in which
// transformers looks for words. A key with a capital is found there, too, but its second and
// further vectors never are.
std::string EmbeddingKey(absl::string_view token);

// Returns the word as a key has it, without the <> around it: the name of a file whose word is
// known by the file's name.
std::string EmbeddingFileStem(absl::string_view token);

// Returns the name of a file for `token`: learned_embeds.safetensors in Diffusers' layout,
// otherwise the word without <>. INVALID_ARGUMENT, naming the token, if no file can have that name,
// or InvokeAI's prompts could not name it.
absl::StatusOr<std::string> EmbeddingFileName(EmbeddingLayout layout, absl::string_view token);

// Returns OK if `layout` does not depend on the file's name, or if a word may have that name.
// INVALID_ARGUMENT naming the field.
absl::Status CheckEmbeddingFileStem(EmbeddingLayout layout, absl::string_view field,
                                    absl::string_view stem);

}  // namespace imprint
