#include "engine/torch/threads.h"

#include "absl/strings/str_cat.h"
#include <ATen/Parallel.h>

#include "base/field_error.h"
#include "base/usable_processors.h"

namespace imprint::engine {

absl::Status SetComputeThreads(int threads) {
  if (threads < 0 || threads > 1024) {
    return FieldError("threads", absl::StrCat(threads), "0 (all processors) to 1024");
  }
  at::set_num_threads(threads == 0 ? UsableProcessors() : threads);
  return absl::OkStatus();
}

int ComputeThreads() { return at::get_num_threads(); }

}  // namespace imprint::engine
