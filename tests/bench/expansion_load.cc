// Load for the benchmark `million`: how long one picture of a plan takes to be made.
//   expansion_load PLAN PICTURES      prints JSON: pictures of the plan, microseconds of one
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>

#include <nlohmann/json.hpp>

#include "base/monotonic_seconds.h"
#include "sets/expansion.h"
#include "sets/plan_file.h"

int main(int argc, char** argv) {
  using namespace imprint;
  if (argc != 3) return 2;
  auto plan = sets::ReadPlan(argv[1]);
  if (!plan.ok()) {
    std::cerr << plan.status() << "\n";
    return 1;
  }
  const auto expansion =
      sets::Expansion::Make(std::make_shared<const sets::Plan>(*std::move(plan)));
  if (!expansion.ok()) {
    std::cerr << expansion.status() << "\n";
    return 1;
  }
  const int pictures = std::atoi(argv[2]);
  std::mt19937_64 random(1);
  size_t bytes = 0;
  const double begun = MonotonicSeconds();
  for (int i = 0; i < pictures; ++i) {
    const auto index = static_cast<int64_t>(random() % static_cast<uint64_t>(expansion->size()));
    bytes += expansion->At(index).key.size();
  }
  const double seconds = MonotonicSeconds() - begun;
  std::cout << nlohmann::json{{"pictures", expansion->size()},
                              {"bytes_of_keys", bytes},
                              {"us", seconds * 1e6 / pictures}}
            << "\n";
}
