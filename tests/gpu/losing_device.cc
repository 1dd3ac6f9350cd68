// For tests, preloaded before CUDA's runtime: a GPU that is lost after LOSE_DEVICE_AFTER kernels.
// As with a real one, nothing works on it from then on.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <dlfcn.h>

namespace {

constexpr int kLaunchFailure = 719;  // cudaErrorLaunchFailure

struct Dim {
  unsigned x, y, z;
};

std::atomic<long> started = 0;  // kernels

bool Lost() {
  static const char* const after = std::getenv("LOSE_DEVICE_AFTER");
  static const long limit = after == nullptr ? -1 : std::atol(after);
  return limit >= 0 && started > limit;
}

bool LostAtThisKernel() {
  ++started;
  return Lost();
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
  return Lost() ? kLaunchFailure : own();
}

int cudaStreamSynchronize(void* stream) {
  static auto* const own = TheirOwn<decltype(cudaStreamSynchronize)>("cudaStreamSynchronize");
  return Lost() ? kLaunchFailure : own(stream);
}
}
