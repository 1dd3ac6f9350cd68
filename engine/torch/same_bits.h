// Makes MKL compute reproducibly.
#pragma once

namespace imprint::engine {

// Makes Intel's MKL, in which LibTorch computes on processors, give the same bits in every run.
// Call it at the start of a program, before other threads are started.
//
// - Asks for the reproducible mode of matrix products (MKL_CBWR=AUTO). Without one, MKL does not
//   promise the same bits, even with the same number of threads ("Intel oneMKL Developer Guide",
//   "Obtaining Numerically Reproducible Results"). AUTO keeps the instructions that MKL would
//   choose anyway. The number of threads must be fixed; see SetComputeThreads. A mode that the
//   environment names stays.
// - Calls each function of MKL's vector math (exp, sin, ...) once. The MKL of PyTorch's wheels,
//   2024.2, chooses a function's kernel at its first call; where two threads make that call at the
//   same moment, one of them may compute its share with a less accurate kernel
//   (pytorch/pytorch#188792).
void AskForSameBits();

}  // namespace imprint::engine
