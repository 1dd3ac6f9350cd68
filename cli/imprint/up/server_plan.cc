#include "cli/imprint/up/server_plan.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/imprint/client/models_list.h"

namespace imprint::cli {
namespace {

constexpr int kNodesStage = 0;
constexpr int kGatewayStage = 1;
constexpr int kRegistryStage = 2;

// Plans what all servers have alike.
class Planner {
 public:
  Planner(const UpPlan& plan, const std::vector<int>& ports) : plan_(plan), ports_(ports) {}

  ServerPlan Next(const std::string& binary, const std::string& name, int stop_stage) {
    ServerPlan server;
    server.name = name;
    server.address = Address();
    const std::string metrics = Address();
    server.metrics_url = absl::StrCat("http://", metrics, "/metrics");
    server.log = plan_.home / "logs" / absl::StrCat(name, ".log");
    server.address_file = plan_.home / "run" / absl::StrCat(name, ".json");
    server.stop_stage = stop_stage;
    server.command = {(plan_.binaries / binary).string(),
                      "--listen",
                      server.address,
                      "--metrics-listen",
                      metrics,
                      "--address-file",
                      server.address_file.string()};
    // The gateway reads no models.
    if (name != "gateway") {
      server.command.insert(server.command.end(),
                            {"--models-list", ModelsList(plan_.home).string()});
    }
    return server;
  }

 private:
  std::string Address() { return absl::StrCat("127.0.0.1:", ports_.at(used_++)); }

  const UpPlan& plan_;
  const std::vector<int>& ports_;
  size_t used_ = 0;
};

// A Unix socket's path has at most 107 bytes; its name in the folder takes up to 40 of them.
constexpr size_t kMaxWorkFolder = 107 - 40;

void Append(ServerPlan& server, const std::string& flag, const std::string& value) {
  server.command.push_back(flag);
  server.command.push_back(value);
}

// In `folder`, where the trainer's next start finds what a killed one left. A folder with too long
// a path is left to the trainer, which makes one of its own in $TMPDIR.
void PlaceSockets(ServerPlan& trainer, const std::filesystem::path& folder) {
  if (folder.string().size() > kMaxWorkFolder) return;
  Append(trainer, "--work-folder", folder.string());
}

}  // namespace

size_t PortsNeeded(const UpPlan& plan) {
  return 2 * (2 + static_cast<size_t>(plan.trainers) + static_cast<size_t>(plan.samplers));
}

std::vector<ServerPlan> PlanServers(const UpPlan& plan, const std::vector<int>& ports) {
  Planner planner(plan, ports);
  ServerPlan registry = planner.Next("imprint-registry", "registry", kRegistryStage);
  Append(registry, "--data", (plan.home / "registry").string());
  ServerPlan gateway = planner.Next("imprint-gateway", "gateway", kGatewayStage);
  Append(gateway, "--data", (plan.home / "gateway").string());
  Append(gateway, "--registry", registry.address);
  std::vector<ServerPlan> nodes;
  const auto add = [&](const std::string& kind, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string name = absl::StrCat(kind, "-", i);
      ServerPlan node = planner.Next(absl::StrCat("imprint-", kind), name, kNodesStage);
      Append(node, "--node", name);
      if (kind == "trainer") {
        PlaceSockets(node, plan.home / "run" / name);
        if (plan.rank_threads > 0) Append(node, "--rank-threads", absl::StrCat(plan.rank_threads));
      }
      Append(gateway, absl::StrCat("--", kind), node.address);
      nodes.push_back(std::move(node));
    }
  };
  add("trainer", plan.trainers);
  add("sampler", plan.samplers);
  std::vector<ServerPlan> servers = {std::move(registry), std::move(gateway)};
  for (ServerPlan& node : nodes) servers.push_back(std::move(node));
  return servers;
}

}  // namespace imprint::cli
