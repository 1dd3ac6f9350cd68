// Plans which servers `imprint up` starts, with which arguments. Pure.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace imprint::cli {

// One server on loopback.
struct ServerPlan {
  // "registry", "gateway", "trainer-0", "sampler-0".
  std::string name;
  // The program and its arguments.
  std::vector<std::string> command;
  std::string address;
  std::string metrics_url;
  // The file that its output goes to.
  std::filesystem::path log;
  // The file that it writes once it is ready.
  std::filesystem::path address_file;
  // When it is stopped: servers of the same stage together, after all lower stages have ended.
  // Trainers and samplers come first, then the gateway that takes their checkpoints, then the
  // registry that takes their results.
  int stop_stage = 0;
};

struct UpPlan {
  // The folder of imprint-gateway and the other programs.
  std::filesystem::path binaries;
  std::filesystem::path home;
  int trainers = 1;
  // The threads of each trainer's ranks; 0 leaves the choice to the trainer.
  int rank_threads = 0;
  int samplers = 1;
};

// Returns the number of ports: two for each server, for gRPC and metrics.
size_t PortsNeeded(const UpPlan& plan);

// Returns the servers, registry and gateway first. `ports` has as many entries as PortsNeeded
// returns.
std::vector<ServerPlan> PlanServers(const UpPlan& plan, const std::vector<int>& ports);

}  // namespace imprint::cli
