#include "services/runs/cpu_device.h"

#include <string>

#include "engine/recipe/precision.h"
#include "services/runs/resident_memory.h"

namespace imprint {

v1::Device CpuDevice(int threads) {
  v1::Device device;
  device.set_name("cpu");
  device.set_memory_bytes(MachineMemoryBytes());
  device.set_threads(threads);
  for (const std::string& precision : NativePrecisions()) device.add_precisions(precision);
  return device;
}

}  // namespace imprint
