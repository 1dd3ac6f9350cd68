// How long to wait before a server that died is started again.
#pragma once

#include "absl/time/time.h"

namespace imprint::cli {

// From 0.2 s, doubling, to 5 s; from the beginning again for one that had run for a while.
class RestartDelay {
 public:
  // `ran` is how long the server lived.
  absl::Duration Next(absl::Duration ran);

 private:
  absl::Duration next_ = absl::Milliseconds(200);
};

}  // namespace imprint::cli
