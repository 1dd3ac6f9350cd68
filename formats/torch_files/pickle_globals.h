// The few names of Python that a pickle may use: what torch.save writes for tensors and the
// containers around them. A name means one of our own functions; nothing is imported or run.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "formats/dtype.h"

namespace imprint {

enum class PickleGlobalKind {
  kOrderedDict,
  kSet,
  kRebuildTensor,
  kRebuildParameter,
  kParameter,
  kParameterDict,
  kSize,
  kDevice,
  kStorage
};

struct PickleGlobal {
  PickleGlobalKind kind;
  // The table's row that it is from.
  size_t row;
};

// Looks up a name; nothing for every name that is not on the list.
std::optional<PickleGlobal> FindPickleGlobal(absl::string_view module, absl::string_view name);

// Returns the full name, such as "torch.FloatStorage".
std::string Name(const PickleGlobal& global);

// Returns the element type of a kStorage.
DType StorageType(const PickleGlobal& global);

}  // namespace imprint
