// LibTorch reports errors as exceptions; our interfaces return a Status. This converts one to the
// other, at the edge of the engine.
#pragma once

#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace imprint::engine {

// Returns the Status of the exception that is being handled: RESOURCE_EXHAUSTED when memory ran
// out, UNAVAILABLE when a device failed (IsDeviceError), INTERNAL with LibTorch's first line
// otherwise. Call it in a catch block only.
absl::Status StatusFromCurrentException();

// Returns whether a device failed during the work: this process can no longer use it.
bool IsDeviceError(const absl::Status& status);

// Runs `body`, which returns Status or StatusOr, and turns what it throws into its Status.
template <typename Body>
auto CatchTorchErrors(Body&& body) -> std::invoke_result_t<Body> {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    return StatusFromCurrentException();
  }
}

}  // namespace imprint::engine
