// Normalises Unicode text as CLIP's tokenizer does, on top of ICU.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace imprint {

// Returns true if `text` is well-formed UTF-8.
bool IsUtf8(absl::string_view text);

// Returns the text in NFC, with each run of white space as one space, in lower case character by
// character (so a final Σ becomes σ, never ς). Ill-formed UTF-8 becomes U+FFFD.
std::string NormalizeForClip(absl::string_view text);

// Returns the text in NFC, the form in which users' texts are stored, so that they are the same
// bytes whichever system they were typed on. Ill-formed UTF-8 is left as it is.
std::string Composed(absl::string_view text);

// Text normalises stretch by stretch: a letter with the marks that follow it. The first function
// returns whether one begins at `position`, which may be any byte; the second appends the one at
// `position`, as NormalizeForClip has it, to `normalized`, and moves `position` past it. Both take
// well-formed UTF-8.
bool BeginsComposition(absl::string_view text, size_t position);
void AppendComposition(absl::string_view text, size_t& position, std::string& normalized);

// Test for the classes of CLIP's pattern: general categories L* and N*, and White_Space.
bool IsLetter(int32_t code_point);
bool IsNumber(int32_t code_point);
bool IsSpace(int32_t code_point);

// Reads one code point of well-formed UTF-8 at `position` and moves past it.
int32_t NextCodePoint(absl::string_view text, size_t& position);

// Reads the one before `position`, which is not 0, and moves to its start.
int32_t PreviousCodePoint(absl::string_view text, size_t& position);

}  // namespace imprint
