// Unicode data that tokenizers know and Debian 12's ICU (Unicode 15) does not yet. The reference
// tokenizer classifies letters by Unicode 16 and lowers them by Unicode 17; a prompt in one of
// these young scripts must get the same ids here. To be removed when the oldest ICU that we build
// with knows them.
#pragma once

#include <cstdint>

namespace imprint {

// Return whether Unicode 16 added the character as a letter or as a number.
bool IsNewerLetter(int32_t code_point);
bool IsNewerNumber(int32_t code_point);

// Returns the lower case of a capital letter that Unicode 16 or 17 added or gave one; any other
// character is returned unchanged.
int32_t NewerLowerCase(int32_t code_point);

}  // namespace imprint
