// Bounds how much freed memory a process with many threads holds on to.
#pragma once

namespace imprint {

// Lets all threads share two of glibc's arenas instead of up to eight a processor. What is freed in
// an arena is used again in that arena alone, so that with many of them a server whose requests
// each take a hundred megabytes for a moment grows by that much once for each. Call it before there
// are threads; for servers, whose threads seldom allocate at the same moment.
void UseFewMallocArenas();

}  // namespace imprint
