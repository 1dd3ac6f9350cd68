// What tokenizers know of Unicode and Debian 12's ICU (Unicode 15) does not yet. The reference
// tokenizer classifies letters by Unicode 16 and lowers them by Unicode 17; a prompt in one of
// these young scripts must get the same ids here. Goes when the oldest ICU that we build with knows
// them.
#pragma once

#include <cstdint>

namespace imprint {

// Letters and numbers that Unicode 16 added.
bool IsNewerLetter(int32_t code_point);
bool IsNewerNumber(int32_t code_point);

// The lower case of a capital letter that Unicode 16 or 17 added or gave one; any other character
// itself.
int32_t NewerLowerCase(int32_t code_point);

}  // namespace imprint
