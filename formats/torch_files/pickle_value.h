// The values that a pickle is parsed into: plain values that hold references to one another, as
// Python's do, and may even form cycles. Nothing here has behaviour, and nothing recurses.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

#include "formats/dtype.h"
#include "formats/torch_files/pickle_globals.h"

namespace imprint {

struct PickleValue;

// Values belong to their Pickle.
using PickleRef = PickleValue*;

struct PickleNone {};

// A bytes object, or a whole number that 64 bits cannot hold (little-endian, as in the file).
struct PickleBytes {
  std::string bytes;
};

struct PickleList {
  std::vector<PickleRef> items;
};

struct PickleTuple {
  std::vector<PickleRef> items;
};

// In the file's order; a key may be repeated, and then the last one counts.
struct PickleDict {
  std::vector<std::pair<PickleRef, PickleRef>> items;
};

// An nn.ParameterDict; `state` is null until the file gives it.
struct PickleParameterDict {
  PickleRef state = nullptr;
};

// The storage that tensors are views of; where torch keeps its numbers is up to its two containers.
struct PickledStorage {
  DType type;
  std::string key;
  int64_t elements;
};

// `offset` and `strides` count elements of the storage; none of it has been checked against the
// storage's size.
struct PickledTensor {
  PickledStorage storage;
  int64_t offset;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

struct PickleValue {
  using Content = std::variant<PickleNone, bool, int64_t, double, std::string, PickleBytes,
                               PickleList, PickleTuple, PickleDict, PickleParameterDict,
                               PickleGlobal, PickledStorage, PickledTensor>;
  Content content;

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&content);
  }
  template <typename T>
  T* As() {
    return std::get_if<T>(&content);
  }
};

// Returns "a dict", "the text \"mia\"", ..., for errors.
std::string Describe(const PickleValue& value);

// Returns the dict that `value` is, also as an nn.ParameterDict; null if it is none.
const PickleDict* AsDict(const PickleValue& value);

// Returns the value that `dict` has under that text, or null.
const PickleValue* Find(const PickleDict& dict, absl::string_view key);

}  // namespace imprint
