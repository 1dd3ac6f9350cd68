// Load for the benchmark `scheduler`: how long the JobScheduler takes for a snapshot of random
// work.
//   scheduler_load NODES JOBS TENANTS ROUNDS      prints JSON: milliseconds of each round
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "gateway/scheduler/job_scheduler.h"

namespace imprint::gateway {
namespace {

ClusterSnapshot RandomSnapshot(int nodes, int jobs, int tenants, unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  ClusterSnapshot now;
  for (int i = 0; i < jobs; ++i) {
    const bool training = below(2) == 0;
    now.waiting.push_back({.job = absl::StrCat("j", i),
                           .tenant = absl::StrCat("t", below(tenants)),
                           .kind = training ? WorkKind::kTraining : WorkKind::kSampling,
                           .priority = 1 + below(3),
                           .slots = training && below(10) == 0 ? 4 : 1,
                           .chunks = training ? 1 : 1 + below(100),
                           .age_us = below(1'000'000'000),
                           .model = absl::StrCat("m", below(20))});
  }
  for (int i = 0; i < nodes; ++i) {
    now.nodes.push_back({.node = absl::StrCat("n", i),
                         .kind = i % 2 == 0 ? WorkKind::kTraining : WorkKind::kSampling,
                         .free_slots = below(3),
                         .warm_models = {absl::StrCat("m", below(20))}});
  }
  for (int i = 0; i < tenants; ++i) now.usage[absl::StrCat("t", i)] = below(100'000);
  return now;
}

int Main(const std::vector<std::string>& words) {
  if (words.size() != 5) {
    std::cerr << "usage: scheduler_load NODES JOBS TENANTS ROUNDS\n";
    return 2;
  }
  const auto number = [&](size_t place) { return std::atoi(words[place].c_str()); };
  std::cout << "[";
  for (int round = 0; round < number(4); ++round) {
    const ClusterSnapshot now =
        RandomSnapshot(number(1), number(2), number(3), static_cast<unsigned>(round));
    const auto began = std::chrono::steady_clock::now();
    const Decisions decisions = Decide(now, Policy{});
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    std::cout << (round == 0 ? "" : ", ") << "{\"ms\": " << took.count()
              << ", \"placements\": " << decisions.placements.size() << "}";
  }
  std::cout << "]\n";
  return 0;
}

}  // namespace
}  // namespace imprint::gateway

int main(int argc, char** argv) { return imprint::gateway::Main({argv, argv + argc}); }
