#include "engine/devices/device_facts.h"

#include <fstream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/machine_memory.h"
#include "base/status_macros.h"

namespace imprint::engine {
namespace {

std::string ProcessorModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, "model name")) continue;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) break;
    return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return "processor";
}

DeviceFacts Processor() {
  DeviceFacts facts{.model = ProcessorModel(), .memory_bytes = MachineMemoryBytes()};
  // Every processor with AMX has AVX512-BF16, too.
  if (__builtin_cpu_supports("avx512bf16")) facts.precisions.push_back(Precision::kBf16);
  facts.precisions.push_back(Precision::kFp32);
  return facts;
}

DeviceFacts Describe(const Gpu& gpu, int index) {
  DeviceFacts facts{
      .device = {DeviceKind::kCuda, index}, .model = gpu.model, .memory_bytes = gpu.memory_bytes};
  // NVIDIA, "CUDA C++ Programming Guide", arithmetic throughput by compute capability: matrix units
  // for fp16 since 7.0, for bf16 since 8.0; before, 6.0 multiplies fp16 at twice the rate of fp32,
  // and 6.1 at a sixty-fourth.
  if (gpu.major >= 8) facts.precisions.push_back(Precision::kBf16);
  if (gpu.major >= 7 || (gpu.major == 6 && gpu.minor == 0)) {
    facts.precisions.push_back(Precision::kFp16);
  }
  facts.precisions.push_back(Precision::kFp32);
  return facts;
}

}  // namespace

std::vector<DeviceFacts> ListDevices(const std::string& driver) {
  std::vector<DeviceFacts> devices = {Processor()};
  if (const auto gpus = ListGpus(driver); gpus.ok()) {
    for (const Gpu& gpu : *gpus) {
      devices.push_back(Describe(gpu, static_cast<int>(devices.size()) - 1));
    }
  }
  return devices;
}

absl::StatusOr<DeviceFacts> FindDevice(absl::string_view field, absl::string_view name,
                                       const std::string& driver) {
  ASSIGN_OR_RETURN(const auto wanted, ParseDevice(field, name));
  if (wanted == ComputeDevice()) return Processor();
  const auto gpus = ListGpus(driver);
  if (!wanted) return gpus.ok() ? Describe(gpus->front(), 0) : Processor();
  const auto index = static_cast<size_t>(wanted->index);
  if (gpus.ok() && index < gpus->size()) return Describe((*gpus)[index], wanted->index);
  return absl::FailedPreconditionError(absl::StrCat(
      field, ": got ", name, "; expected a device of this machine: ",
      gpus.ok() ? absl::StrCat("it has ", gpus->size(), gpus->size() == 1 ? " GPU" : " GPUs")
                : std::string(gpus.status().message())));
}

}  // namespace imprint::engine
