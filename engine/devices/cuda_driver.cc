#include "engine/devices/cuda_driver.h"

#include <array>
#include <cstddef>
#include <dlfcn.h>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"

namespace imprint::engine {
namespace {

// Of the driver API (CUDA Toolkit, cuda.h), which is stable over its versions. The header is not
// needed, so that what uses this builds without the toolkit.
using Result = int;
using Device = int;
constexpr Result kSuccess = 0;
constexpr Result kNoDevice = 100;
constexpr int kCapabilityMajor = 75;
constexpr int kCapabilityMinor = 76;

class Driver {
 public:
  static absl::StatusOr<Driver> Open(const std::string& name) {
    // Stays open: the driver starts threads of its own.
    void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      return absl::UnavailableError(absl::StrCat("no CUDA driver: ", dlerror()));
    }
    return Driver(library);
  }

  // Calls a function of the driver by its exported name.
  template <typename... Parameters>
  absl::Status Call(const char* name, Parameters... parameters) const {
    using Function = Result (*)(Parameters...);
    const auto function = reinterpret_cast<Function>(dlsym(library_, name));
    if (function == nullptr) {
      return absl::UnavailableError(absl::StrCat("the CUDA driver has no ", name));
    }
    const Result result = function(parameters...);
    if (result == kSuccess) return absl::OkStatus();
    if (result == kNoDevice) return absl::UnavailableError("the CUDA driver sees no GPU");
    return absl::UnavailableError(absl::StrCat("the CUDA driver: ", name, " gave error ", result));
  }

 private:
  explicit Driver(void* library) : library_(library) {}

  void* library_;
};

absl::StatusOr<Gpu> Describe(const Driver& driver, int index) {
  Device device = 0;
  std::array<char, 256> model{};
  size_t memory = 0;
  Gpu gpu{};
  RETURN_IF_ERROR(driver.Call("cuDeviceGet", &device, index));
  RETURN_IF_ERROR(
      driver.Call("cuDeviceGetName", model.data(), static_cast<int>(model.size()) - 1, device));
  RETURN_IF_ERROR(driver.Call("cuDeviceTotalMem_v2", &memory, device));
  RETURN_IF_ERROR(driver.Call("cuDeviceGetAttribute", &gpu.major, kCapabilityMajor, device));
  RETURN_IF_ERROR(driver.Call("cuDeviceGetAttribute", &gpu.minor, kCapabilityMinor, device));
  gpu.model = model.data();
  gpu.memory_bytes = static_cast<int64_t>(memory);
  return gpu;
}

}  // namespace

absl::StatusOr<std::vector<Gpu>> ListGpus(const std::string& name) {
  ASSIGN_OR_RETURN(const Driver driver, Driver::Open(name));
  int count = 0;
  RETURN_IF_ERROR(driver.Call("cuInit", 0U));
  RETURN_IF_ERROR(driver.Call("cuDeviceGetCount", &count));
  std::vector<Gpu> gpus;
  for (int i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(Gpu gpu, Describe(driver, i));
    gpus.push_back(std::move(gpu));
  }
  if (gpus.empty()) return absl::UnavailableError("the CUDA driver sees no GPU");
  return gpus;
}

}  // namespace imprint::engine
