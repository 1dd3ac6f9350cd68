#include "services/node/node_device.h"

#include <string>

namespace imprint::node {

v1::Device NodeDevice(const engine::DeviceFacts& facts, int threads) {
  v1::Device device;
  device.set_name(Name(facts.device));
  device.set_memory_bytes(facts.memory_bytes);
  device.set_threads(threads);
  for (const Precision precision : facts.precisions) {
    device.add_precisions(std::string(Name(precision)));
  }
  return device;
}

}  // namespace imprint::node
