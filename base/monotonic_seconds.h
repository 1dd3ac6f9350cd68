// A clock for how long things take.
#pragma once

#include <chrono>

namespace imprint {

// Returns seconds since some fixed moment, never going back. Thread-safe.
inline double MonotonicSeconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace imprint
