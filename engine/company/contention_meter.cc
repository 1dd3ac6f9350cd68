#include "engine/company/contention_meter.h"

#include <fstream>
#include <system_error>
#include <utility>

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;

// By a thread's number. A thread that ends meanwhile is passed over.
std::map<std::string, int64_t> ReadDelays(const fs::path& threads) {
  std::map<std::string, int64_t> delays;
  std::error_code failed;
  fs::directory_iterator thread(threads, failed);
  while (!failed && thread != fs::directory_iterator()) {
    int64_t ran = 0;
    int64_t delayed = 0;
    std::ifstream file(thread->path() / "schedstat");
    if (file >> ran >> delayed) delays[thread->path().filename()] = delayed;
    thread.increment(failed);
  }
  return delays;
}

}  // namespace

ContentionMeter::ContentionMeter(fs::path threads, Clock::time_point now)
    : threads_(std::move(threads)), delays_(ReadDelays(threads_)), taken_(now) {}

double ContentionMeter::Take(Clock::time_point now) {
  std::map<std::string, int64_t> delays = ReadDelays(threads_);
  int64_t delayed = 0;
  for (const auto& [thread, delay] : delays) {
    const auto before = delays_.find(thread);
    delayed += delay - (before == delays_.end() ? 0 : before->second);
  }
  delays_ = std::move(delays);
  const std::chrono::duration<double, std::nano> passed = now - std::exchange(taken_, now);
  return passed.count() > 0 ? static_cast<double>(delayed) / passed.count() : 0;
}

}  // namespace imprint::engine
