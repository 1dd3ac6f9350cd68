// Interprets the calls in a pickle: torch's functions that rebuild tensors become descriptions.
#pragma once

#include <deque>
#include <vector>

#include "absl/status/statusor.h"

#include "formats/torch_files/pickle_value.h"

namespace imprint {

// Returns the value of `callee(*arguments)`: a new one in `values`, or one of the arguments.
// INVALID_ARGUMENT for arguments that the function does not take.
absl::StatusOr<PickleRef> CallPickleGlobal(const PickleGlobal& callee,
                                           const std::vector<PickleRef>& arguments,
                                           std::deque<PickleValue>& values);

// Returns the class that ("module", class, file, source) names: the older container stores the
// source of every module beside it, for people to compare. Null for any other persistent id.
PickleRef ModuleClassOf(const PickleValue& persistent_id);

// Returns the storage that a persistent id of torch.save names: ("storage", torch.FloatStorage,
// key, location, elements), in older files with a None after it.
absl::StatusOr<PickledStorage> StorageOf(const PickleValue& persistent_id);

}  // namespace imprint
