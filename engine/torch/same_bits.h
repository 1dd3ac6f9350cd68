// Has the processor's kernels give the same bits in every run.
#pragma once

namespace imprint::engine {

// Asks Intel's MKL, which multiplies LibTorch's fp32 matrices, for its reproducible mode
// (MKL_CBWR=AUTO): only in that one does it promise that reductions and schedules are the same in
// every run with the same number of threads ("Intel oneMKL Developer Guide", "Obtaining Numerically
// Reproducible Results"). It computes with the same instructions as without. A mode that the
// environment names already stays. Call it before other threads are started.
void AskForSameBits();

}  // namespace imprint::engine
