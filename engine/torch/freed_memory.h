// Keeps the memory that a step of a drawing has used for the next one.
#pragma once

namespace imprint::engine {

// Has glibc keep up to 128 MiB free at the end of the main thread's heap for the next step, as long
// as the process lives; blocks of 32 MiB and more still go back to the system. By default glibc
// gives the end back whenever more than some megabytes are free there, and whether they are, time
// and again within a step, depends on which small block happens to lie last: drawing the same
// pictures of the demo model took 70,000 page faults or 260,000, and up to 8 % longer.
//
// For programs that compute on their main thread: other threads have heaps of another kind. Call it
// before other threads are started. A MemoryBudget that is made later overrides it for large
// blocks.
void KeepFreedMemory();

}  // namespace imprint::engine
