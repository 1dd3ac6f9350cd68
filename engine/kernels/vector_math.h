// Arithmetic that compilers turn into vector code. Private to engine/kernels.
#pragma once

#include <cstdint>

// Marks a function whose loops are compiled once for AVX-512, once for AVX2 and once for any
// x86-64; the version for the processor is chosen when the program is loaded. The versions are
// selected by features, not by arch=...: GCC compares an architecture by name, and a newer
// processor would get the plainest code.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define IMPRINT_VECTORIZED __attribute__((target_clones("avx512f", "avx2", "default"), noinline))
#else
#define IMPRINT_VECTORIZED
#endif

namespace imprint::engine {

// Returns e^x within 2 ulp for x in [-60, 60], clamped outside. The clamp is far from where results
// become subnormal, since processors take a hundred cycles for each of those, even where a blend
// throws it away. Uses Cody & Waite's reduction to |r| <= ln(2) / 2 and the minimax polynomial of
// Cephes' expf (Moshier 1992).
inline __attribute__((always_inline)) float Exp(float x) {
  x = x < -60.0F ? -60.0F : x;
  x = x > 60.0F ? 60.0F : x;
  // Adding and subtracting 1.5 * 2^23 rounds to a whole number.
  constexpr float kRound = 12582912.0F;
  const float n = (x * 1.44269504088896341F + kRound) - kRound;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  // __builtin_bit_cast, since a call to std::bit_cast would keep loops from becoming vector code.
  return p * __builtin_bit_cast(float, (static_cast<int32_t>(n) + 127) << 23);
}

// Returns 1 / (1 + e^-x).
inline __attribute__((always_inline)) float Sigmoid(float x) { return 1.0F / (1.0F + Exp(-x)); }

}  // namespace imprint::engine
