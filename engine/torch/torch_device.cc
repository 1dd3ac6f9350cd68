#include "engine/torch/torch_device.h"

#include <cstdlib>
#include <dlfcn.h>

#include "absl/strings/str_cat.h"
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

namespace imprint::engine {
namespace {

constexpr const char* kCudaLibrary = "libtorch_cuda.so";

// cuBLAS gives equal results from run to run only with a workspace of its own, and asks for it by
// the environment (NVIDIA, "cuBLAS", results reproducibility).
void AskForRepeatableKernels() {
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(false);
  context.setBenchmarkCuDNN(false);
  context.setDeterministicCuDNN(true);
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
}

absl::Status OpenCuda() {
  // RTLD_GLOBAL: it registers its kernels with libtorch_cpu, and further parts look for its
  // symbols.
  if (dlopen(kCudaLibrary, RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("LibTorch has no CUDA here: ", dlerror()));
  }
  // LibTorch asks once who knows of CUDA, and keeps the answer.
  if (!at::detail::getCUDAHooks().compiledWithCuDNN()) {
    return absl::InternalError(
        absl::StrCat(kCudaLibrary, " was opened after LibTorch had looked for it"));
  }
  if (!at::globalContext().hasCUDA()) {
    return absl::FailedPreconditionError(
        absl::StrCat(kCudaLibrary, " sees no GPU; does the driver suit its CUDA?"));
  }
  AskForRepeatableKernels();
  return absl::OkStatus();
}

}  // namespace

void AwaitDevice(const at::Device& device) {
  if (device.is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device.index());
}

absl::Status UnusableDevice(const ComputeDevice& device, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("device: got ", Name(device), "; expected one that LibTorch can use: ", why));
}

absl::StatusOr<at::Device> TorchDevice(const ComputeDevice& device) {
  if (device.kind == DeviceKind::kCpu) return at::Device(at::kCPU);
  static const absl::Status opened = OpenCuda();
  if (!opened.ok()) return UnusableDevice(device, opened.message());
  const int gpus = at::detail::getCUDAHooks().getNumGPUs();
  if (device.index >= gpus)
    return UnusableDevice(device, absl::StrCat("it sees ", gpus, " of them"));
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device.index));
}

}  // namespace imprint::engine
