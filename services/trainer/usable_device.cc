#include "services/trainer/usable_device.h"

#include <cerrno>
#include <fstream>
#include <sys/wait.h>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/strip.h"

#include "base/child_process.h"
#include "base/status_macros.h"
#include "orders/flags/field_flags.h"
#include "services/server/log.h"

namespace imprint::trainer {

absl::StatusOr<engine::DeviceFacts> FindUsableDevice(const ComputeOptions& compute,
                                                     const std::string& rank_binary,
                                                     const std::filesystem::path& folder) {
  const std::string name = NameOrAuto(compute.device);
  ASSIGN_OR_RETURN(engine::DeviceFacts device, engine::FindDevice("device", name));
  // Any LibTorch computes on the processor.
  if (device.device.kind == DeviceKind::kCpu) return device;
  const std::filesystem::path said = folder / "check-device.log";
  std::error_code ignored;
  std::filesystem::remove(said, ignored);
  std::vector<std::string> command = {rank_binary, "--check-device"};
  const std::vector<std::string> flags = ArgumentsFor<ComputeOptions>(kRankComputeRows, compute);
  command.insert(command.end(), flags.begin(), flags.end());
  ASSIGN_OR_RETURN(const pid_t rank, StartChild({.command = command, .log = said}));
  int ending = 0;
  while (waitpid(rank, &ending, 0) < 0 && errno == EINTR) continue;
  std::ifstream file(said);
  std::string first;
  std::string warning;
  std::getline(file, first);
  std::getline(file, warning);
  std::filesystem::remove(said, ignored);
  if (ending != 0) {
    return absl::FailedPreconditionError(absl::StripPrefix(first, "imprint-rank: error: "));
  }
  if (!warning.empty()) LogWarning(warning);
  return engine::FindDevice("device", first);
}

}  // namespace imprint::trainer
