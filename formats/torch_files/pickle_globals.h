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
  // Which of the table's rows it is.
  size_t row;
};

// Nothing for every name that is not on the list.
std::optional<PickleGlobal> FindPickleGlobal(absl::string_view module, absl::string_view name);

// "torch.FloatStorage".
std::string Name(const PickleGlobal& global);

// The element type of a kStorage.
DType StorageType(const PickleGlobal& global);

}  // namespace imprint
