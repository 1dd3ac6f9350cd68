// What a sum over ranks takes by itself: threads of this process join a gang on loopback and add up
// as many numbers as an embedding has, again and again. Prints one JSON object.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include <nlohmann/json.hpp>

#include "engine/collective/gang_of_threads.h"

namespace imprint {
namespace {

constexpr int kWarmUp = 50;

// Seconds of each sum, as a rank sees them.
std::vector<double> Measure(engine::Collective& gang, int64_t numbers, int sums) {
  at::Tensor values = at::rand({numbers});
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
  return seconds;
}

int Run(int ranks, int64_t numbers, int sums) {
  std::vector<double> seconds;  // of rank 0
  const absl::Status run = engine::RunGangOfThreads(ranks, [&](auto joined) {
    if (!joined.ok()) {
      std::cerr << joined.status() << "\n";
      std::exit(1);
    }
    std::vector<double> own = Measure(**joined, numbers, sums);
    if ((*joined)->rank() == 0) seconds = std::move(own);
  });
  if (!run.ok()) {
    std::cerr << run << "\n";
    return 1;
  }
  std::sort(seconds.begin(), seconds.end());
  std::cout << nlohmann::json{{"ranks", ranks},
                              {"bytes", 4 * numbers},
                              {"median_seconds", seconds[seconds.size() / 2]},
                              {"p99_seconds", seconds[seconds.size() * 99 / 100]}}
            << "\n";
  return 0;
}

}  // namespace
}  // namespace imprint

int main(int argc, char** argv) {
  int ranks = 0;
  int numbers = 0;
  int sums = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[1], &ranks) || !absl::SimpleAtoi(argv[2], &numbers) ||
      !absl::SimpleAtoi(argv[3], &sums) || ranks < 1 || numbers < 1 || sums < 1) {
    std::cerr << "usage: collective_load RANKS NUMBERS SUMS\n";
    return 2;
  }
  return imprint::Run(ranks, numbers, sums);
}
