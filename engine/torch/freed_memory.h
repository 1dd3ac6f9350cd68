// What becomes of the memory that a step of a drawing has used.
#pragma once

namespace imprint {

// Has glibc keep up to 128 MiB free at the end of the main thread's heap for the next step, as long
// as the process lives; blocks of 32 MiB and more go back to the system as ever. By default the
// end is given back wherever more than some megabytes are free there, and whether they are, time
// and again within a step, depends on which small block happens to lie last: drawing the same
// pictures of the demo model took 70,000 page faults or 260,000, and up to 8 % longer.
//
// For programs that compute on their main thread: other threads have heaps of another kind. Call it
// before there are others. A MemoryBudget that is made later has the last word on large blocks.
void KeepFreedMemory();

}  // namespace imprint
