// The command line that all servers share. Each flag is also read from the environment (--log-level
// from IMPRINT_LOG_LEVEL) and from the YAML file that --config names; the command line takes
// precedence over the environment, and the environment over the file.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include <CLI/CLI.hpp>

namespace imprint {

struct ServerFlags {
  std::string listen = "127.0.0.1:0";
  // Plaintext gRPC health for probes; empty means none besides the one on `listen`.
  std::string health_listen;
  std::string metrics_listen = "127.0.0.1:0";
  bool insecure = false;
  std::string log_format = "text";
  std::string log_level = "info";
  // The file that the bound addresses are written to, as a JSON object, once the server is ready.
  std::string address_file;
  int drain_seconds = 20;
  // The time between "not serving" and the drain, so that load balancers notice.
  int drain_delay_seconds = 0;
  int max_connection_age_seconds = 3600;
  int max_threads = 512;
  // The time-out of streams whose caller neither sends nor reads anything.
  int stream_idle_seconds = 30;
};

// Adds --listen, --health-listen, ... and --config to `app`.
void AddServerFlags(CLI::App& app, ServerFlags& flags);

// Lets `app` read YAML and gives every option its environment variable. Call it after all options
// have been added.
void ReadFlagsFromEverywhere(CLI::App& app);

// Returns INVALID_ARGUMENT naming the flag; also if an address is not loopback and --insecure is
// not given.
absl::Status CheckServerFlags(const ServerFlags& flags);

}  // namespace imprint
