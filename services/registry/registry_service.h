// The registry as a process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/runtime/service.h"

namespace imprint {

class RegistryProcess : public Service {
 public:
  RegistryProcess();
  ~RegistryProcess() override;

  void AddFlags(CLI::App& app) override;
  absl::Status Open(Metrics& metrics) override;
  std::vector<grpc::Service*> Endpoints() override;
  absl::Status CanServe() override;

 private:
  struct Parts;

  std::string data_;
  int max_uploads_ = 8;
  std::unique_ptr<Parts> parts_;
};

// `imprint-registry --fsck --data FOLDER`: looks at a folder that no registry uses, prints what is
// wrong, and gives the exit code: 0 clean, 1 not, 2 bad flags.
int CheckDataFolder(const std::string& data);

}  // namespace imprint
