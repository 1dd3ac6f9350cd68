#include "engine/company/contention_meter.h"

#include <fstream>
#include <system_error>
#include <utility>

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;

// Of the time between two measurements.
constexpr double kLeastShareOfComputing = 0.1;

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
  int64_t delayed = 0;
  for (const auto& [thread, times] : times_) {
    const auto found = before.find(thread);
    const Times was = found == before.end() ? Times() : found->second;
    const auto ran = static_cast<double>(times.ran - was.ran);
    if (ran >= kLeastShareOfComputing * passed.count()) delayed += times.delayed - was.delayed;
  }
  return passed.count() > 0 ? static_cast<double>(delayed) / passed.count() : 0;
}

}  // namespace imprint::engine
