// For tests, preloaded before CUDA's runtime: a GPU that is lost once the file LOSE_DEVICE_ONCE
// exists. As with a real one, nothing works on it from then on.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <dlfcn.h>
#include <unistd.h>

namespace {

constexpr int kLaunchFailure = 719;  // cudaErrorLaunchFailure

struct Dim {
  unsigned x, y, z;
};

std::atomic<bool> lost = false;

bool LostAtThisKernel() {
  static const char* const once = std::getenv("LOSE_DEVICE_ONCE");
  if (once != nullptr && !lost && access(once, F_OK) == 0) lost = true;
  return lost;
}

template <typename Function>
Function* TheirOwn(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int __cudaLaunchKernel(void* kernel, Dim grid, Dim block, void** arguments, size_t shared,
                       void* stream) {
  static auto* const own = TheirOwn<decltype(__cudaLaunchKernel)>("__cudaLaunchKernel");
  if (LostAtThisKernel()) return kLaunchFailure;
  return own(kernel, grid, block, arguments, shared, stream);
}

int cudaLaunchKernelExC(const void* configuration, const void* kernel, void** arguments) {
  static auto* const own = TheirOwn<decltype(cudaLaunchKernelExC)>("cudaLaunchKernelExC");
  return LostAtThisKernel() ? kLaunchFailure : own(configuration, kernel, arguments);
}

int cudaGetLastError() {
  static auto* const own = TheirOwn<decltype(cudaGetLastError)>("cudaGetLastError");
  return lost ? kLaunchFailure : own();
}

int cudaStreamSynchronize(void* stream) {
  static auto* const own = TheirOwn<decltype(cudaStreamSynchronize)>("cudaStreamSynchronize");
  return lost ? kLaunchFailure : own(stream);
}
}
