// The back-off before a server that died is restarted.
#pragma once

#include "absl/time/time.h"

namespace imprint::cli {

// Doubles from 0.2 s to 5 s, and starts over for a server that had run for a while.
class RestartDelay {
 public:
  // Returns the next delay. `ran` is how long the server lived.
  absl::Duration Next(absl::Duration ran);

 private:
  absl::Duration next_ = absl::Milliseconds(200);
};

}  // namespace imprint::cli
