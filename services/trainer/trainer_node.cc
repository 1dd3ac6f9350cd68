#include "services/trainer/trainer_node.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/private_path.h"
#include "base/process_memory.h"
#include "base/status_macros.h"
#include "base/usable_processors.h"
#include "services/node/node_device.h"
#include "services/server/log.h"
#include "services/trainer/usable_device.h"

namespace imprint::trainer {
namespace {

namespace fs = std::filesystem;

// Memory and threads apply to each training, so their flags begin with rank-.
constexpr auto kComputeRowsOfTrainers =
    WithFlags(kRankComputeRows, {{"threads", "rank-threads"},
                                 {"memory_mb", "rank-memory-mb"},
                                 {"device_memory_mb", "rank-device-memory-mb"}});

absl::Status CheckFlags(const TrainerFlags& flags) {
  RETURN_IF_ERROR(CheckRange("slots", flags.slots, 1, 256));
  RETURN_IF_ERROR(CheckRange("pack", flags.pack, 1, flags.slots));
  RETURN_IF_ERROR(
      CheckFields<ComputeOptions>(kComputeRowsOfTrainers, flags.compute, "", FieldNaming::kByFlag));
  if (flags.gang.host == "0.0.0.0" || flags.gang.host == "::") {
    return FieldError("gang-host", Quoted(flags.gang.host), "an address that others reach");
  }
  RETURN_IF_ERROR(CheckRange("gang-patience-seconds", flags.gang.patience_seconds, 1, 86'400));
  return CheckRange("orphan-seconds", flags.orphan_seconds, 1, 86'400);
}

absl::StatusOr<std::string> RankBinary(const std::string& given) {
  std::error_code error;
  const fs::path binary =
      given.empty() ? fs::read_symlink("/proc/self/exe", error).parent_path() / "imprint-rank"
                    : fs::absolute(given, error);
  if (access(binary.c_str(), X_OK) == 0) return binary.string();
  return FieldError("rank-binary", Quoted(binary.string()), "a program that can be started");
}

// rank-PID-N.sock (rank_process.cc) of trainers that were killed.
void RemoveStaleSockets(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::vector<std::string> parts =
        absl::StrSplit(entry.path().filename().string(), absl::ByAnyChar("-."));
    int pid = 0;
    if (parts.size() != 4 || parts[0] != "rank" || parts[3] != "sock" ||
        !absl::SimpleAtoi(parts[1], &pid)) {
      continue;
    }
    if (kill(pid, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), ignored);
  }
}

// Nothing: of a folder that others use, too, only what we make in it is ours to close.
constexpr const char* kOurs = ".imprint-trainer";

absl::StatusOr<fs::path> MakeWorkFolder(const std::string& given) {
  std::error_code error;
  if (!given.empty()) {
    if (!MakePrivateFolder(given, kOurs).ok()) {
      return FieldError("work-folder", Quoted(given), "a folder that can be made");
    }
    RemoveStaleSockets(given);
    return fs::absolute(given, error);
  }
  std::string name = (fs::temp_directory_path(error) / "imprint-XXXXXX").string();
  if (error || mkdtemp(name.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat("work-folder: cannot make ", name));
  }
  return name;
}

}  // namespace

void TrainerNode::AddFlags(CLI::App& app) {
  app_ = &app;
  constexpr const char* kGroup = "Trainer";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return app.add_option(name, field, text)->group(kGroup);
  };
  add("--node", flags_.node, "Name of this node, stable over restarts; the default is its address");
  add("--slots", flags_.slots, "Trainings at once, each in a process of its own unless they pack")
      ->capture_default_str();
  add("--pack", flags_.pack,
      "Trainings of one base model, picture size, precision and priority that share a process and "
      "its batches: faster, and the same but for rounding")
      ->capture_default_str();
  add("--rank-binary", flags_.rank_binary,
      "Program that trains; the default is imprint-rank beside this one");
  flags_.compute_flags.emplace(app, kComputeRowsOfTrainers, flags_.compute, "Trainings",
                               ShowDefaults::kYes);
  flags_.compute_flags->option("threads").description(
      "Threads of a process; 0 shares the processors among as many as the slots need");
  flags_.compute_flags->option("memory_mb")
      .description("A process that uses more MiB of memory is ended; 0 is no limit");
  add("--orphan-seconds", flags_.orphan_seconds,
      "A training that no gateway follows for so long stops, with a checkpoint")
      ->capture_default_str();
  add("--gang-host", flags_.gang.host,
      "Address at which ranks of one training on other nodes reach this one; the default is the "
      "one at which the gateway does");
  add("--gang-patience-seconds", flags_.gang.patience_seconds,
      "Ranks of one training that are silent for so long end it: longer than the slowest one's "
      "step")
      ->capture_default_str();
  add("--work-folder", flags_.work_folder,
      "Folder for sockets, with a short path; the default is a new one in $TMPDIR");
  flags_.models.AddFlags(app);
}

absl::Status TrainerNode::Open(Metrics& metrics) {
  ComputeOptions& compute = flags_.compute;
  RETURN_IF_ERROR(flags_.compute_flags->TakeNames());
  RETURN_IF_ERROR(CheckFlags(flags_));
  RETURN_IF_ERROR(flags_.models.CheckFlags());
  ASSIGN_OR_RETURN(const std::string binary, RankBinary(flags_.rank_binary));
  ASSIGN_OR_RETURN(work_folder_, MakeWorkFolder(flags_.work_folder));
  ASSIGN_OR_RETURN(device_, FindUsableDevice(compute, binary, work_folder_));
  compute.device = device_.device;
  RETURN_IF_ERROR(CheckCompute(compute, kComputeRowsOfTrainers));
  // Jobs are placed by what a node offers.
  device_.precisions = PrecisionsWith(compute, device_.precisions);
  flags_.gang.on_gpu = device_.device.kind == DeviceKind::kCuda;
  LogInfo("computing on this device", {{"name", Name(device_.device)}, {"model", device_.model}});
  const int share = std::max(1, UsableProcessors() / ChildrenFor(flags_.slots, flags_.pack));
  metrics_ = std::make_unique<TrainerMetrics>(metrics);
  runs_ = std::make_unique<node::RunTable>(node::RunTableOptions{
      .slots = flags_.slots, .orphan_after = absl::Seconds(flags_.orphan_seconds)});
  pool_ = std::make_unique<RankPool>(
      RankPoolOptions{
          .command = {.binary = binary, .folder = work_folder_, .more_arguments = RankArguments()},
          .slots = flags_.slots,
          .pack = flags_.pack,
          .threads = compute.threads == 0 ? share : compute.threads},
      metrics_->rank_crashes);
  board_ = std::make_unique<node::NodeBoard>(v1::NODE_KIND_TRAINER, *runs_,
                                             [this](v1::NodeStatus& status) { Measure(status); });
  node_endpoint_ = std::make_unique<node::NodeEndpoint>(*board_, *runs_);
  runner_ =
      std::make_unique<TrainingRunner>(*pool_, *metrics_, runs_->changes(),
                                       static_cast<int64_t>(compute.memory_mb) << 20, flags_.gang);
  endpoint_ = std::make_unique<TrainerEndpoint>(*runs_, *runner_, flags_.models);
  return pool_->Warm();
}

std::vector<grpc::Service*> TrainerNode::Endpoints() {
  return {endpoint_.get(), node_endpoint_.get()};
}

absl::Status TrainerNode::Serving(const std::string& address) {
  board_->SetNode(flags_.node.empty() ? node::DefaultNodeName(address) : flags_.node);
  tidying_ = std::make_unique<node::Periodic>(absl::Seconds(1), [this] {
    runs_->Tidy();
    pool_->Tidy();
  });
  return absl::OkStatus();
}

void TrainerNode::Drain(absl::Time deadline) {
  runs_->Drain(deadline);
  runs_->AwaitQuiet(deadline);
  runs_->Close();
}

void TrainerNode::Close() {
  tidying_ = nullptr;
  pool_->Close();
  endpoint_->Join();
  std::error_code ignored;
  if (flags_.work_folder.empty()) fs::remove_all(work_folder_, ignored);
}

void TrainerNode::Measure(v1::NodeStatus& status) const {
  *status.add_devices() = node::NodeDevice(device_, pool_->threads());
  status.set_pack(flags_.pack);
  for (const std::string& fingerprint : pool_->WarmModels()) status.add_warm_models(fingerprint);
  status.set_memory_bytes(MemoryOf(getpid()).resident + pool_->MemoryBytes());
}

std::vector<std::string> TrainerNode::RankArguments() const {
  ComputeOptions compute = flags_.compute;
  // Each child is told its own.
  compute.threads = 0;
  std::vector<std::string> arguments = ArgumentsFor<ComputeOptions>(kRankComputeRows, compute);
  arguments.insert(arguments.end(), {"--pack", absl::StrCat(flags_.pack)});
  for (const char* name : {"--log-format", "--log-level"}) {
    const CLI::Option* option = app_->get_option_no_throw(name);
    if (option != nullptr && option->count() > 0) {
      arguments.insert(arguments.end(), {name, option->as<std::string>()});
    }
  }
  return arguments;
}

}  // namespace imprint::trainer
