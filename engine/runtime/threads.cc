#include "engine/runtime/threads.h"

#include <sched.h>

#include "absl/strings/str_cat.h"
#include <ATen/Parallel.h>

#include "base/field_error.h"

namespace imprint {
namespace {

// What the scheduler lets this process use, which a container may have narrowed.
int UsableProcessors() {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof(usable), &usable) != 0) return 1;
  return CPU_COUNT(&usable);
}

}  // namespace

absl::Status SetComputeThreads(int threads) {
  if (threads < 0 || threads > 1024) {
    return FieldError("threads", absl::StrCat(threads), "0 (all processors) to 1024");
  }
  at::set_num_threads(threads == 0 ? UsableProcessors() : threads);
  return absl::OkStatus();
}

int ComputeThreads() { return at::get_num_threads(); }

}  // namespace imprint
