// imprint nodes.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/commands/command.h"
#include "cli/program/table.h"

#include "base/status_macros.h"

namespace imprint::cli {
namespace {

std::string HealthText(const v1::NodeSummary& node) {
  if (!node.alive()) return "not heard of";
  return node.draining() ? "draining" : "alive";
}

// Of a sampler what it draws at once, and the most that it may.
std::string BatchText(const v1::NodeSummary& node) {
  if (node.batch() == 0) return "-";
  if (node.largest_batch() <= node.batch()) return absl::StrCat(node.batch());
  return absl::StrCat(node.batch(), "-", node.largest_batch());
}

absl::Status PrintNodes(CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const auto listed, gateway->Call(&JobCalls::ListNodes, v1::ListNodesRequest()));
  Table table({"NODE", "KIND", "HEALTH", "FREE", "BATCH", "MEMORY", "PRECISION", "MODELS",
               "ADDRESS", "RUNS"});
  for (const v1::NodeSummary& node : listed.nodes()) {
    std::vector<std::string> models;
    for (const std::string& model : node.warm_models()) models.push_back(model.substr(0, 12));
    table.Add({node.node(), node.kind(), HealthText(node),
               absl::StrCat(node.free_slots(), "/", node.slots()), BatchText(node),
               BytesText(node.memory_bytes()), absl::StrJoin(node.precisions(), " "),
               models.empty() ? "-" : absl::StrJoin(models, " "), node.address(),
               absl::StrJoin(node.runs(), ", ")});
    context.console.Event("node", {{"name", node.node()}, {"details", ToJson(node)}});
  }
  context.console.Text(table.empty() ? "no nodes\n" : table.Text());
  return absl::OkStatus();
}

}  // namespace

Command MakeNodesCommand(CLI::App& app) {
  return {app.add_subcommand("nodes", "List the trainers and samplers and what they do."),
          PrintNodes};
}

}  // namespace imprint::cli
