#include "cli/terminal/interrupt.h"

#include <pthread.h>
#include <unistd.h>

namespace imprint {
namespace {

constexpr int kInterrupted = 130;
// Tells the waiting thread to end. Nobody else sends it to a process of ours.
constexpr int kQuit = SIGUSR2;

}  // namespace

Interrupt::Interrupt(absl::string_view notice) : notice_(notice) {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, kQuit}) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  waiter_ = std::thread([this] { Wait(); });
}

Interrupt::~Interrupt() {
  pthread_kill(waiter_.native_handle(), kQuit);
  waiter_.join();
}

void Interrupt::Wait() {
  while (true) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0 || signal == kQuit) return;
    if (source_.stop_requested()) _exit(kInterrupted);
    if (isatty(STDERR_FILENO) != 0) {
      [[maybe_unused]] const auto written = write(STDERR_FILENO, notice_.data(), notice_.size());
    }
    source_.request_stop();
  }
}

}  // namespace imprint
