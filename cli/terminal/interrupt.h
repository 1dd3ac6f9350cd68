// Ctrl-C and SIGTERM as a stop token.
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace imprint {

// Made first thing in main, before any thread: the signals are blocked and one thread waits for
// them. The first asks for a stop and says so on a terminal; after the second the process ends at
// once with exit code 130.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  void Wait();

  sigset_t signals_;
  std::stop_source source_;
  std::thread waiter_;
};

}  // namespace imprint
