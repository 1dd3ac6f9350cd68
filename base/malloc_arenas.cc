#include "base/malloc_arenas.h"

#include <malloc.h>

namespace imprint {

void UseFewMallocArenas() { mallopt(M_ARENA_MAX, 4); }

}  // namespace imprint
