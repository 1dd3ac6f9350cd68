// Releases memory that a mapped file no longer needs.
#pragma once

#include <cstddef>
#include <span>

namespace imprint {

// Gives back the memory of those pages of a file mapping that lie wholly within `bytes`. Their
// content stays readable: it is fetched again from the file (or from the system's cache of it).
// Never use it for memory that was written to.
void ForgetPages(std::span<const std::byte> bytes);

}  // namespace imprint
