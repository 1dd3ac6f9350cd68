#include "cli/imprint/commands/question.h"

#include <cerrno>
#include <functional>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

#include "absl/strings/ascii.h"

#include "base/status_macros.h"

namespace imprint::cli {
namespace {

constexpr size_t kMaxAnswer = 4096;

// A descriptor that is readable once a stop is requested.
class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop)
      : event_(eventfd(0, EFD_CLOEXEC)), callback_(stop, [this] { eventfd_write(event_, 1); }) {}
  ~StopEvent() { close(event_); }
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  int descriptor() const { return event_; }

 private:
  int event_;
  std::stop_callback<std::function<void()>> callback_;
};

absl::StatusOr<std::string> ReadLine(int input, const StopEvent& stop) {
  std::string line;
  while (line.size() < kMaxAnswer) {
    pollfd sources[] = {{.fd = input, .events = POLLIN, .revents = 0},
                        {.fd = stop.descriptor(), .events = POLLIN, .revents = 0}};
    if (poll(sources, 2, -1) < 0 && errno != EINTR) break;
    if (sources[1].revents != 0) return absl::CancelledError("stopped");
    if (sources[0].revents == 0) continue;
    char c = 0;
    if (read(input, &c, 1) != 1) return absl::CancelledError("no answer");
    if (c == '\n') break;
    line.push_back(c);
  }
  return std::string(absl::StripAsciiWhitespace(line));
}

}  // namespace

Ask AskAtTerminal(const std::stop_token& stop) {
  return AskThrough(STDIN_FILENO, STDERR_FILENO, stop);
}

Ask AskThrough(int input, int output, const std::stop_token& stop) {
  return [=](const std::string& question) -> absl::StatusOr<std::string> {
    const StopEvent event(stop);
    while (true) {
      [[maybe_unused]] const auto written = write(output, question.data(), question.size());
      ASSIGN_OR_RETURN(std::string answer, ReadLine(input, event));
      if (!answer.empty()) return answer;
    }
  };
}

}  // namespace imprint::cli
