// Unicode text as CLIP's tokenizer normalises it, on top of ICU.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace imprint {

// True if `text` is well-formed UTF-8.
bool IsUtf8(absl::string_view text);

// NFC, each run of white space as one space, lower case character by character (so a final Σ
// becomes σ, never ς). Ill-formed UTF-8 becomes U+FFFD.
std::string NormalizeForClip(absl::string_view text);

// General categories L* and N*, and White_Space: the classes of CLIP's pattern.
bool IsLetter(int32_t code_point);
bool IsNumber(int32_t code_point);
bool IsSpace(int32_t code_point);

// Reads one code point of well-formed UTF-8 at `position` and moves past it.
int32_t NextCodePoint(absl::string_view text, size_t& position);

}  // namespace imprint
