// What a sum over ranks takes by itself: threads of this process join a gang on loopback, or NCCL a
// gang of one on a GPU, and add up as many numbers as an embedding has, again and again. Prints one
// JSON object.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include <nlohmann/json.hpp>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "base/status_macros.h"
#include "engine/collective/c10d_collective.h"
#include "engine/collective/gang_of_threads.h"
#include "orders/compute_device.h"

namespace imprint {
namespace {

constexpr int kWarmUp = 50;

// Seconds of each sum, as a rank sees them.
std::vector<double> Measure(engine::Collective& gang, const at::Device& device, int64_t numbers,
                            int sums) {
  const at::Tensor sent = at::rand({numbers}).to(device);
  at::Tensor values = sent.clone();
  std::vector<double> seconds;
  for (int i = 0; i < kWarmUp + sums; ++i) {
    const absl::Time begun = absl::Now();
    if (const absl::Status status = gang.Sum(values); !status.ok()) {
      std::cerr << status << "\n";
      std::exit(1);
    }
    if (i >= kWarmUp) seconds.push_back(absl::ToDoubleSeconds(absl::Now() - begun));
    values.mul_(1.0 / gang.size());
  }
  // Alone, a rank's sum is its own number, to the bit.
  if (gang.size() == 1 && !at::equal(values, sent)) {
    std::cerr << "the sum of one rank is not what it sent\n";
    std::exit(1);
  }
  return seconds;
}

int Print(int ranks, int64_t numbers, std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  std::cout << nlohmann::json{{"ranks", ranks},
                              {"bytes", 4 * numbers},
                              {"median_seconds", seconds[seconds.size() / 2]},
                              {"p99_seconds", seconds[seconds.size() * 99 / 100]}}
            << "\n";
  return 0;
}

// JoinGang spares a single rank the group, which here is what is looked at.
absl::StatusOr<std::unique_ptr<engine::Collective>> NcclGangOfOne(const ComputeDevice& gpu) {
  const engine::GangPlace place{.patience = absl::Seconds(20)};
  const auto store = c10::make_intrusive<c10d::HashStore>();
  ASSIGN_OR_RETURN(auto group, engine::MakeNcclGroup(store, place, gpu));
  return std::make_unique<engine::C10dCollective>(store, std::move(group), place);
}

int RunOnGpu(const std::string& name, int64_t numbers, int sums) {
  const auto gpu = ParseDevice("DEVICE", name);
  if (!gpu.ok() || !*gpu || (*gpu)->kind != DeviceKind::kCuda) {
    std::cerr << "DEVICE: expected cuda or cuda:N\n";
    return 2;
  }
  auto gang = NcclGangOfOne(**gpu);
  if (!gang.ok()) {
    std::cerr << gang.status() << "\n";
    return 1;
  }
  const at::Device device(at::kCUDA, static_cast<c10::DeviceIndex>((*gpu)->index));
  return Print(1, numbers, Measure(**gang, device, numbers, sums));
}

int Run(int ranks, int64_t numbers, int sums) {
  std::vector<double> seconds;  // of rank 0
  const absl::Status run = engine::RunGangOfThreads(ranks, [&](auto joined) {
    if (!joined.ok()) {
      std::cerr << joined.status() << "\n";
      std::exit(1);
    }
    std::vector<double> own = Measure(**joined, at::kCPU, numbers, sums);
    if ((*joined)->rank() == 0) seconds = std::move(own);
  });
  if (!run.ok()) {
    std::cerr << run << "\n";
    return 1;
  }
  return Print(ranks, numbers, std::move(seconds));
}

}  // namespace
}  // namespace imprint

int main(int argc, char** argv) {
  int ranks = 0;
  int numbers = 0;
  int sums = 0;
  if (argc < 4 || argc > 5 || !absl::SimpleAtoi(argv[1], &ranks) ||
      !absl::SimpleAtoi(argv[2], &numbers) || !absl::SimpleAtoi(argv[3], &sums) || ranks < 1 ||
      numbers < 1 || sums < 1 || (argc == 5 && ranks != 1)) {
    std::cerr << "usage: collective_load RANKS NUMBERS SUMS\n"
                 "       collective_load 1 NUMBERS SUMS DEVICE    over NCCL, on a GPU\n";
    return 2;
  }
  if (argc == 5) return imprint::RunOnGpu(argv[4], numbers, sums);
  return imprint::Run(ranks, numbers, sums);
}
