#include "engine/company/contention_meter.h"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;

// Of what the thread ran that ran longest, however little that was.
constexpr double kLeastShareOfComputing = 0.25;

}  // namespace

// A thread that ends meanwhile is passed over.
ContentionMeter::TimesByThread ContentionMeter::Read(const fs::path& threads) {
  TimesByThread times;
  std::error_code failed;
  fs::directory_iterator thread(threads, failed);
  while (!failed && thread != fs::directory_iterator()) {
    Times read;
    std::ifstream file(thread->path() / "schedstat");
    if (file >> read.ran >> read.delayed) times[thread->path().filename()] = read;
    thread.increment(failed);
  }
  return times;
}

ContentionMeter::ContentionMeter(fs::path threads, Clock::time_point now)
    : threads_(std::move(threads)), times_(Read(threads_)), taken_(now) {}

double ContentionMeter::Take(Clock::time_point now) {
  const std::chrono::duration<double, std::nano> passed = now - std::exchange(taken_, now);
  const TimesByThread before = std::exchange(times_, Read(threads_));
  std::vector<Times> spent;
  int64_t longest = 0;
  for (const auto& [thread, times] : times_) {
    const auto found = before.find(thread);
    const Times was = found == before.end() ? Times() : found->second;
    spent.push_back({times.ran - was.ran, times.delayed - was.delayed});
    longest = std::max(longest, spent.back().ran);
  }
  const double computing = kLeastShareOfComputing * static_cast<double>(longest);
  int64_t delayed = 0;
  for (const Times& each : spent) {
    if (static_cast<double>(each.ran) >= computing) delayed += each.delayed;
  }
  return passed.count() > 0 ? static_cast<double>(delayed) / passed.count() : 0;
}

}  // namespace imprint::engine
