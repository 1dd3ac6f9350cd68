// Texts in PNG files: the chunks tEXt, zTXt and iTXt (PNG Specification, third edition, 11.3.3).
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

// A view of the chunk that it was read from.
struct TextChunk {
  absl::string_view type;
  absl::string_view keyword;
  absl::string_view rest;
};

// Reads a text chunk. Nothing if the chunk is of another type, or has no keyword.
std::optional<TextChunk> ReadTextChunk(absl::string_view type, absl::string_view body);

// Returns the text under the keyword, inflated. INVALID_ARGUMENT if it is damaged, or longer than
// `limit` bytes.
absl::StatusOr<std::string> TextOf(const TextChunk& chunk, size_t limit);

}  // namespace imprint
