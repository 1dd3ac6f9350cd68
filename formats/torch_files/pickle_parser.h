// Reads a pickle without being Python: the opcodes that torch.save's files need are parsed into
// plain values, and nothing is executed or imported. Memory is bounded by the pickle's size and the
// limits below; nesting costs nothing, since the parser does not recurse.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "formats/torch_files/pickle_value.h"

namespace imprint {

// A LoRA of a thousand tensors takes some 200 KB and 30,000 values; an embedding takes 300 bytes.
inline constexpr size_t kMaxPickleBytes = 4 << 20;
inline constexpr size_t kMaxPickleValues = 200'000;
// The longest key of a storage; torch's own are numbers of at most 20 digits.
inline constexpr size_t kMaxStorageKey = 64;

// A parsed pickle. Immutable once parsed, movable; its values live as long as it does.
struct Pickle {
  std::deque<PickleValue> values;
  PickleRef root = nullptr;
  // Every storage that the pickle names.
  std::map<std::string, PickledStorage, std::less<>> storages;
  // The size of the pickle in bytes: more may follow it.
  size_t size = 0;
};

// Parses a pickle. INVALID_ARGUMENT, naming the byte, for a global or opcode that is not on our
// lists, a length or count that leaves the bytes, values of another kind than an opcode takes, and
// more of anything than the limits above.
absl::StatusOr<Pickle> ParsePickle(absl::string_view bytes);

}  // namespace imprint
