// Bounds how much freed memory a process with many threads holds on to.
#pragma once

namespace imprint {

// Lets all threads share four of glibc's arenas instead of up to eight a processor, whatever
// MALLOC_ARENA_MAX says. What is freed in an arena is used again in that arena alone, so that a
// server whose requests each take a hundred megabytes for a moment grows by that much once for each
// arena. With two, threads contend: the gateway's unary calls took a tenth longer. Call it before
// there are threads.
void UseFewMallocArenas();

}  // namespace imprint
