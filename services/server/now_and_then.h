// Rate-limits a repeated message.
#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace imprint {

// For something that fails repeatedly: due at once, then once a minute until Over is called. Not
// thread-safe.
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
