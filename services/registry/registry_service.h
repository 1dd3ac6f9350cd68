// The registry as a process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/server/model_roots.h"
#include "services/server/service.h"

namespace imprint::registry {

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
  int max_uploads_ = 32;
  int picture_memory_mb_ = 1024;
  ModelRoots roots_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace imprint::registry
