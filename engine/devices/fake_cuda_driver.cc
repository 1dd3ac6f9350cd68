// A CUDA driver for tests, with the GPUs that FAKE_GPUS lists: "model|bytes|major|minor;...".
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct FakeGpu {
  std::string model;
  size_t bytes;
  int major;
  int minor;
};

std::vector<FakeGpu> FakeGpus() {
  std::vector<FakeGpu> gpus;
  const char* list = std::getenv("FAKE_GPUS");
  std::istringstream entries(list == nullptr ? "" : list);
  for (std::string entry; std::getline(entries, entry, ';');) {
    std::istringstream fields(entry);
    std::string model;
    std::string bytes;
    std::string major;
    std::string minor;
    std::getline(fields, model, '|');
    std::getline(fields, bytes, '|');
    std::getline(fields, major, '|');
    std::getline(fields, minor, '|');
    gpus.push_back({model, std::stoull(bytes), std::stoi(major), std::stoi(minor)});
  }
  return gpus;
}

}  // namespace

extern "C" {

int cuInit(unsigned /*flags*/) {
  const char* error = std::getenv("FAKE_CUDA_ERROR");
  return error == nullptr ? 0 : std::atoi(error);
}

int cuDeviceGetCount(int* count) {
  *count = static_cast<int>(FakeGpus().size());
  return 0;
}

int cuDeviceGet(int* device, int index) {
  *device = index;
  return 0;
}

int cuDeviceGetName(char* name, int size, int device) {
  std::strncpy(name, FakeGpus()[device].model.c_str(), size);
  return 0;
}

int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  *bytes = FakeGpus()[device].bytes;
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  const FakeGpu gpu = FakeGpus()[device];
  if (attribute != 75 && attribute != 76) return 1;
  *value = attribute == 75 ? gpu.major : gpu.minor;
  return 0;
}

}  // extern "C"
