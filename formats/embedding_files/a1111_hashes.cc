#include "formats/embedding_files/a1111_hashes.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/str_format.h"

#include "base/sha256.h"

namespace imprint {
namespace {

// Returns the low 32 bits of a whole number of any size, as two's complement: the web UI's Python
// has numbers of any size and keeps 32 bits of the sum.
uint32_t LowBits(float whole) {
  return static_cast<uint32_t>(
      static_cast<int64_t>(std::fmod(static_cast<double>(whole), 4294967296.0)));
}

}  // namespace

std::string A1111Checksum(const LearnedEmbedding& embedding) {
  uint32_t sum = 0;
  for (const float value : embedding.values) {
    // PyTorch multiplies in fp32; what that makes infinite stays out of int64_t's way.
    const float scaled = value * 100;
    const uint32_t whole = std::isfinite(scaled) ? LowBits(std::trunc(scaled)) : 0;
    sum = (sum * 281) ^ (whole * 997);
  }
  return absl::StrFormat("%04x", sum & 0xFFFF);
}

std::string A1111FileHash(std::span<const std::byte> file) { return Sha256Hex(file).substr(0, 12); }

}  // namespace imprint
