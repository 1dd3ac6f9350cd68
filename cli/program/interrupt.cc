#include "cli/program/interrupt.h"

#include <pthread.h>
#include <unistd.h>

namespace imprint::cli {
namespace {

constexpr int kInterrupted = 130;
// Tells the waiting thread to end. Nobody else sends it to a process of ours.
constexpr int kQuit = SIGUSR2;

}  // namespace

Interrupt::Interrupt(absl::string_view notice) : notice_(notice) {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, kQuit}) sigaddset(&signals_, signal);
  struct sigaction hangup = {};
  if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
    sigaddset(&signals_, SIGHUP);
  }
  std::signal(SIGXFSZ, SIG_IGN);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  waiter_ = std::thread([this] { Wait(); });
}

Interrupt::~Interrupt() {
  pthread_kill(waiter_.native_handle(), kQuit);
  waiter_.join();
}

void Interrupt::Wait() {
  bool asked_before = false;
  while (true) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0 || signal == kQuit) return;
    const bool by_hand = signal != SIGHUP;
    if (by_hand && asked_before) _exit(kInterrupted);
    asked_before |= by_hand;
    AskToStop();
  }
}

void Interrupt::AskToStop() {
  if (source_.stop_requested()) return;
  if (isatty(STDERR_FILENO) != 0) {
    [[maybe_unused]] const auto written = write(STDERR_FILENO, notice_.data(), notice_.size());
  }
  source_.request_stop();
}

}  // namespace imprint::cli
