#include "engine/torch/same_bits.h"

#include <cstdlib>

namespace imprint::engine {

// MKL reads it at its first call, and has no function for it that LibTorch would export.
void AskForSameBits() { setenv("MKL_CBWR", "AUTO", /*replace=*/0); }

}  // namespace imprint::engine
