// Saying again, but not each time.
#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace imprint {

// For something that fails again and again: due at once, and then once a minute until it is over.
// Not thread-safe.
class NowAndThen {
 public:
  bool Due(absl::Time now = absl::Now()) {
    if (now < next_) return false;
    next_ = now + absl::Minutes(1);
    return true;
  }
  void Over() { next_ = absl::InfinitePast(); }

 private:
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace imprint
