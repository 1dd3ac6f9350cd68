// How long threads that have nothing to compute spin before they let go of their processor.
//
// LibTorch's kernels run on libgomp, whose threads wait for each other at the end of every kernel.
// It lets them spin 300,000 times first (env.c of GCC), which is longer than most kernels take: a
// program alone never notices, but of two on one machine each spins on processors that the other
// needs, and both take several times as long. With a bound that is longer than most pauses within a
// step, two together take little more than half as long as with libgomp's own, and one alone some
// 10 % more (2 threads): scripts/bench company.
//
// libgomp reads its settings once, as it is loaded. So this file, which is part of every program
// that computes, starts the program again with the setting before any library has begun: some 40
// ms, where main would come too late by half a second. Whoever sets GOMP_SPINCOUNT or
// OMP_WAIT_POLICY is left alone, and so are children, which have it from their parent.
#include <array>
#include <cstddef>
#include <cstring>
#include <unistd.h>

namespace imprint {
namespace {

constexpr const char* kSetting = "GOMP_SPINCOUNT=20000";

bool Begins(const char* text, const char* with) {
  return std::strncmp(text, with, std::strlen(with)) == 0;
}

// Nothing of C++'s own and no memory of the heap may be used here. Where anything is out of the
// ordinary, the program goes on as it was started.
void BoundWaiting(int, char** argv, char** environment) {
  constexpr size_t kMost = 4000;
  static std::array<char*, kMost + 2> with_setting;
  static std::array<char, 4096> program;
  size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (count == kMost || Begins(environment[count], "GOMP_SPINCOUNT=") ||
        Begins(environment[count], "OMP_WAIT_POLICY=")) {
      return;
    }
    with_setting[count] = environment[count];
  }
  with_setting[count] = const_cast<char*>(kSetting);
  // The file and not the link: a process is listed by the name that it was started under.
  const ssize_t size = readlink("/proc/self/exe", program.data(), program.size() - 1);
  if (size > 0) execve(program.data(), argv, with_setting.data());
}

#if !defined(__SANITIZE_ADDRESS__)
// The dynamic linker calls these with main's arguments before the constructors of any library.
__attribute__((section(".preinit_array"), used)) void (*const kAtStart)(int, char**,
                                                                        char**) = BoundWaiting;
#endif

}  // namespace
}  // namespace imprint
