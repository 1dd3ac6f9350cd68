// Makes MKL compute reproducibly.
#pragma once

namespace imprint::engine {

// Makes Intel's MKL, with which LibTorch multiplies fp32 matrices and computes exp, sin and the
// like on processors, give the same bits in every run. Call it at the start of a program, before
// other threads are started.
//
// - Asks for the reproducible mode of matrix products (MKL_CBWR=AUTO). Without one, MKL does not
//   promise the same bits, even with the same number of threads ("Intel oneMKL Developer Guide",
//   "Obtaining Numerically Reproducible Results"). AUTO keeps the instructions that MKL would
//   choose anyway. The number of threads must be fixed; see SetComputeThreads. A mode that the
//   environment names stays.
// - Calls each function of MKL's vector math (exp, sin, ...) once. At the first call of any of them
//   the MKL of PyTorch's wheels, 2024.2, stores the kind of processor in two steps; a second thread
//   that reads between them computes its share with a less accurate kernel. As
//   pytorch/pytorch#188792 has it, each function chooses its kernel by itself, so that none is left
//   out.
void AskForSameBits();

}  // namespace imprint::engine
