// Reads a pickle without being Python: the opcodes that torch.save's files need are parsed into
// plain values, and nothing is executed or imported. Memory is bounded by the pickle's size and the
// limits of pickle_limits.h; nesting costs nothing, since the parser does not recurse.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "formats/torch_files/pickle_value.h"

namespace imprint {

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
// more of anything than pickle_limits.h allows.
absl::StatusOr<Pickle> ParsePickle(absl::string_view bytes);

}  // namespace imprint
