// imprint-engine devices: what this machine can compute with.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/imprint_engine/command.h"

#include "engine/devices/device_facts.h"
#include "engine/torch/device_check.h"

namespace imprint::cli {
namespace {

std::string Gigabytes(int64_t bytes) {
  return absl::StrFormat("%.0f GB", static_cast<double>(bytes) / 1e9);
}

absl::Status RunDevices(CommandContext& context) {
  for (const engine::DeviceFacts& facts : engine::ListDevices()) {
    std::vector<std::string> precisions;
    for (const Precision precision : facts.precisions) precisions.emplace_back(Name(precision));
    const absl::Status usable = engine::CheckDevice(facts.device);
    context.console.Line(Name(facts.device),
                         absl::StrCat(facts.model, ", ", Gigabytes(facts.memory_bytes), ", ",
                                      absl::StrJoin(precisions, " "),
                                      usable.ok() ? "" : absl::StrCat("; ", usable.message())));
    context.console.Event("device", {{"name", Name(facts.device)},
                                     {"model", facts.model},
                                     {"memory_bytes", facts.memory_bytes},
                                     {"precisions", precisions},
                                     {"usable", usable.ok()},
                                     {"reason", std::string(usable.message())}});
  }
  if (const auto gpus = engine::ListGpus(); !gpus.ok()) {
    context.console.Line("", std::string(gpus.status().message()));
  }
  return absl::OkStatus();
}

}  // namespace

Command MakeDevicesCommand(CLI::App& app) {
  CLI::App* devices = app.add_subcommand(
      "devices",
      "List what this machine can compute with, and in which precisions, fastest first.");
  return {devices, RunDevices};
}

}  // namespace imprint::cli
