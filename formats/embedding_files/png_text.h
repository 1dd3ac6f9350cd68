// Reads texts in PNG files (PNG Specification, third edition, section 11.3.3).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

bool IsPng(std::span<const std::byte> bytes);

// Returns the text under that keyword, from a tEXt, zTXt or iTXt chunk anywhere in the file;
// nothing if there is none, or the file ends before it. INVALID_ARGUMENT if it is damaged, or
// longer than `limit` bytes. Does not check checksums or pictures.
absl::StatusOr<std::optional<std::string>> TextOfPng(std::span<const std::byte> png,
                                                     absl::string_view keyword, size_t limit);

}  // namespace imprint
