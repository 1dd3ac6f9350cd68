#include "engine/cuda/open_plugin.h"

#include <dlfcn.h>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "engine/cuda/cuda_plugin.h"
#include "engine/torch/torch_device.h"

namespace imprint::engine {
namespace {

constexpr const char* kFile = "libimprint_cuda.so";

absl::StatusOr<const CudaPlugin*> Open() {
  std::error_code ignored;
  const std::filesystem::path path =
      std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / kFile;
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : dlsym(library, kCudaPluginSymbol);
  if (symbol == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(kFile, " cannot be opened: ", dlerror(),
                     "; gangs, graphs and memory limits on GPUs need it"));
  }
  const CudaPlugin* plugin = reinterpret_cast<decltype(&imprint_cuda_plugin)>(symbol)();
  if (plugin->size == sizeof(CudaPlugin)) return plugin;
  return absl::FailedPreconditionError(
      absl::StrCat(kFile, " is of another build than this program"));
}

}  // namespace

absl::StatusOr<const CudaPlugin*> OpenCudaPlugin(const ComputeDevice& device) {
  // What the plug-in needs is open from here on.
  RETURN_IF_ERROR(TorchDevice(device).status());
  static const absl::StatusOr<const CudaPlugin*> opened = Open();
  return opened;
}

}  // namespace imprint::engine
