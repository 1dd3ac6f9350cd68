// Finds where a word stands apart from the text around it, in any script.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace imprint {

// Returns whether text[begin, begin + size) stands apart: a concept's token counts only where it
// does. At either end,
// - no character is cut: no combining mark, vowel sign or emoji's joiner binds it to its neighbour;
// - and it is not a letter or digit, or its neighbour is not; or they are letters of two scripts
//   ("toyxの", "сrex"); or letters of one that writes words without spaces (Chinese, Japanese,
//   Thai, Lao, Khmer, Burmese: Unicode's scripts that break between letters), or a digit beside
//   one.
// So "rex" does not stand apart in "rexos" or "rex2", and 猫耳 does in 可爱的猫耳在雪地里.
// Characters that only direct or join text are skipped. `text` is well-formed UTF-8; both ends are
// starts of characters.
bool StandsApart(absl::string_view text, size_t begin, size_t size);

}  // namespace imprint
