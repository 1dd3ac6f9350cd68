// How much of anything a pickle may have, so that an untrusted one cannot exhaust memory.
#pragma once

#include <cstddef>

namespace imprint {

// A LoRA of a thousand tensors takes some 200 KB and 30,000 values; an embedding takes 300 bytes.
inline constexpr size_t kMaxPickleBytes = 4 << 20;
inline constexpr size_t kMaxPickleValues = 200'000;
// The longest key of a storage; torch's own are numbers of at most 20 digits.
inline constexpr size_t kMaxStorageKey = 64;

}  // namespace imprint
