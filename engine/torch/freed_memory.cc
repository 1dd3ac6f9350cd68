#include "engine/torch/freed_memory.h"

#include <malloc.h>

namespace imprint::engine {

void KeepFreedMemory() {
  // The largest that glibc would raise it to. Setting one ends its adjusting of both.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
}

}  // namespace imprint::engine
