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

// The same text in NFC: what is kept of somebody's words, so that they are the same bytes whichever
// system they were typed on. Ill-formed UTF-8 is left as it is.
std::string Composed(absl::string_view text);

// Text normalises stretch by stretch: a letter with the marks that follow it. Whether one begins at
// `position`, which may be any byte; and one at `position`, as NormalizeForClip has it, appended to
// `normalized`, with `position` moved past it. Of well-formed UTF-8.
bool BeginsComposition(absl::string_view text, size_t position);
void AppendComposition(absl::string_view text, size_t& position, std::string& normalized);

// General categories L* and N*, and White_Space: the classes of CLIP's pattern.
bool IsLetter(int32_t code_point);
bool IsNumber(int32_t code_point);
bool IsSpace(int32_t code_point);

// Reads one code point of well-formed UTF-8 at `position` and moves past it.
int32_t NextCodePoint(absl::string_view text, size_t& position);

// The same before `position`, which is not 0; moves to its start.
int32_t PreviousCodePoint(absl::string_view text, size_t& position);

}  // namespace imprint
