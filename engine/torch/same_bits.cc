#include "engine/torch/same_bits.h"

#include <cstdlib>

namespace imprint::engine {

// MKL reads it at its first call. LibTorch does not export mkl_cbwr_set.
void AskForSameBits() { setenv("MKL_CBWR", "AUTO", /*replace=*/0); }

}  // namespace imprint::engine
