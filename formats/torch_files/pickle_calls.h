// What stands for a call in a pickle: torch's functions that rebuild tensors, as descriptions.
#pragma once

#include <deque>
#include <vector>

#include "absl/status/statusor.h"

#include "formats/torch_files/pickle_value.h"

namespace imprint {

// What `callee(*arguments)` is: a new value in `values`, or one of the arguments. INVALID_ARGUMENT
// for arguments that the function does not take.
absl::StatusOr<PickleRef> CallPickleGlobal(const PickleGlobal& callee,
                                           const std::vector<PickleRef>& arguments,
                                           std::deque<PickleValue>& values);

// The class that ("module", class, file, source) names: the older container keeps the source of
// every module beside it, for people to compare. Null for any other persistent id.
PickleRef ModuleClassOf(const PickleValue& persistent_id);

// The storage that a persistent id of torch.save names: ("storage", torch.FloatStorage, key,
// location, elements), in older files with a None after it.
absl::StatusOr<PickledStorage> StorageOf(const PickleValue& persistent_id);

}  // namespace imprint
