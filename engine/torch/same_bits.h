// Makes MKL compute reproducibly.
#pragma once

namespace imprint::engine {

// Asks Intel's MKL, which multiplies LibTorch's fp32 matrices, for its reproducible mode
// (MKL_CBWR=AUTO). Without one, MKL does not promise that a product has the same bits in every run,
// even with the same number of threads ("Intel oneMKL Developer Guide", "Obtaining Numerically
// Reproducible Results"). AUTO keeps the instructions that MKL would choose anyway. The number of
// threads must be fixed; see SetComputeThreads. A mode that the environment names stays. Call it
// before other threads are started.
void AskForSameBits();

}  // namespace imprint::engine
