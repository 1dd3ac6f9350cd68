// Turns Ctrl-C, SIGTERM and a closed terminal into a stop token.
#pragma once

#include <csignal>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"

namespace imprint::cli {

// Make it first thing in main, before any thread: the signals are blocked and one thread waits for
// them. The first one requests a stop and says so on a terminal; after the second Ctrl-C or SIGTERM
// the process ends at once with exit code 130. SIGHUP, which a closed terminal sends more than
// once, only requests a stop; if it was ignored from the start (nohup), it stays ignored. From its
// construction on, a file beyond the process's limit (ulimit -f) makes the write fail instead of
// raising a signal.
class Interrupt {
 public:
  // `notice` is printed at the first signal, with its own line breaks.
  explicit Interrupt(absl::string_view notice = kStoppingAfterStep);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  static constexpr absl::string_view kStoppingAfterStep =
      "\nstopping after this step; Ctrl-C once more ends at once and loses what is not written\n";

  void Wait();
  void AskToStop();

  const std::string notice_;
  sigset_t signals_;
  std::stop_source source_;
  std::thread waiter_;
};

}  // namespace imprint::cli
