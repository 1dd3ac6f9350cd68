// imprint-rank: one process that trains, for the node agent that started it and ends with it.
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <CLI/CLI.hpp>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/flags/decimal_options.h"
#include "base/status_macros.h"
#include "engine/cuda/open_plugin.h"
#include "engine/cuda/prepare_device.h"
#include "engine/torch/device_check.h"
#include "engine/torch/memory_budget.h"
#include "engine/torch/same_bits.h"
#include "orders/compute_options.h"
#include "orders/flags/field_flags.h"
#include "rpc/channel.h"
#include "services/rank/rank_endpoint.h"
#include "services/server/log.h"

namespace imprint::rank {
namespace {

struct RankFlags {
  std::string socket;
  ComputeOptions compute;
  std::optional<FieldFlags<ComputeOptions>> compute_flags;
  bool check_device = false;
  int parent = 0;
  int pack = 1;
  std::string log_format = "text";
  std::string log_level = "info";
};

void AddFlags(CLI::App& app, RankFlags& flags) {
  app.add_option("--socket", flags.socket, "Unix socket to listen at");
  app.add_flag("--check-device", flags.check_device,
               "Only say which device that is, or why it cannot be used");
  app.add_option("--parent", flags.parent, "Process with which this one ends; 0 is none");
  app.add_option("--pack", flags.pack, "Trainings of one base model that it computes at once")
      ->capture_default_str();
  flags.compute_flags.emplace(app, kRankComputeRows, flags.compute, "What it computes with",
                              ShowDefaults::kYes);
  app.add_option("--log-format", flags.log_format, "text or json")->capture_default_str();
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error")
      ->capture_default_str();
}

// Which also hears of a terminal that closes, and says when to stop. A log over a limit (ulimit -f)
// is an error of the write, and no signal.
absl::Status EndWithParent(int parent) {
  std::signal(SIGXFSZ, SIG_IGN);
  if (parent == 0) return absl::OkStatus();
  std::signal(SIGHUP, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have died before that.
  if (getppid() == parent) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("parent: ", parent, " did not start this process, or has ended"));
}

// For the trainer, which knows no LibTorch: the device's name on one line, warnings on the next. A
// processor, where "auto" has taken one, is the trainer's to hold the flags against.
absl::Status SayDevice(ComputeOptions compute) {
  ASSIGN_OR_RETURN(const engine::ChosenDevice chosen, engine::ChooseDevice(compute.device));
  std::vector<std::string> warnings;
  if (!chosen.warning.empty()) warnings.push_back(chosen.warning);
  if (const ComputeDevice& device = chosen.facts.device; device.kind == DeviceKind::kCuda) {
    compute.device = device;
    RETURN_IF_ERROR(engine::PrepareDevice(compute).status());
    const auto plugin = engine::OpenCudaPlugin(device);
    if (!plugin.ok()) warnings.emplace_back(plugin.status().message());
  }
  std::cout << Name(chosen.facts.device) << "\n" << absl::StrJoin(warnings, "; ") << "\n";
  return absl::OkStatus();
}

absl::Status Serve(RankFlags& flags) {
  RETURN_IF_ERROR(flags.compute_flags->TakeNames());
  if (flags.check_device) return SayDevice(flags.compute);
  if (flags.socket.empty()) return FieldError("socket", "none", "a path to listen at: --socket");
  RETURN_IF_ERROR(CheckRange("pack", flags.pack, 1, 256));
  RETURN_IF_ERROR(StartLog("imprint-rank", flags.log_format, flags.log_level));
  RETURN_IF_ERROR(EndWithParent(flags.parent));
  RankContext context = {.compute = flags.compute};
  ASSIGN_OR_RETURN(const engine::ChosenDevice chosen, engine::ChooseDevice(context.compute.device));
  context.compute.device = chosen.facts.device;
  // CUDA reserves more than it ever uses: its ranks have the trainer's watch alone.
  if (chosen.facts.device.kind == DeviceKind::kCpu) {
    RETURN_IF_ERROR(engine::LimitProcessMemory(context.compute.memory_mb));
  }
  ASSIGN_OR_RETURN(context.record, engine::PrepareDevice(context.compute));
  RankEndpoint endpoint(std::move(context), flags.pack);
  RETURN_IF_ERROR(endpoint.SetThreads(flags.compute.threads));
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddListeningPort(UnixAddress(flags.socket), grpc::InsecureServerCredentials());
  builder.RegisterService(&endpoint);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) {
    return absl::UnavailableError(absl::StrCat("socket: cannot listen at ", flags.socket));
  }
  Log(LogLevel::kDebug, "listening", {{"socket", flags.socket}});
  server->Wait();
  return absl::OkStatus();
}

}  // namespace
}  // namespace imprint::rank

int main(int argc, char** argv) {
  imprint::engine::AskForSameBits();
  imprint::rank::RankFlags flags;
  CLI::App app("Trains for imprint-trainer, which starts it.", "imprint-rank");
  imprint::rank::AddFlags(app, flags);
  imprint::TakeDecimalNumbers(app);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = imprint::rank::Serve(flags);
  if (status.ok()) return 0;
  std::cerr << "imprint-rank: error: " << status.message() << "\n";
  return 1;
}
