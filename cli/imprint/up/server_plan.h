// Which servers `imprint up` starts, with which arguments. Pure.
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
  // What it prints goes here.
  std::filesystem::path log;
  // It writes this once it is ready.
  std::filesystem::path address_file;
  // When it is stopped: those of the same stage together, after all lower ones have ended. First
  // whoever works, then the gateway that takes their checkpoints, then the registry that takes
  // their results.
  int stop_stage = 0;
};

struct UpPlan {
  // Where imprint-gateway and the others are.
  std::filesystem::path binaries;
  std::filesystem::path home;
  int trainers = 1;
  // Of each trainer; 0 leaves it to the trainer.
  int rank_threads = 0;
  int samplers = 1;
};

// Two for each server: gRPC and metrics.
size_t PortsNeeded(const UpPlan& plan);

// Registry and gateway first. `ports` are as many as PortsNeeded says.
std::vector<ServerPlan> PlanServers(const UpPlan& plan, const std::vector<int>& ports);

}  // namespace imprint::cli
