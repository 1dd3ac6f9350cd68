// Shows how far something is and how long it will still take, on one line of a terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "absl/strings/string_view.h"

namespace imprint::cli {

// On a terminal the line is redrawn at most ten times a second; elsewhere (a log) a new line is
// printed at every tenth of the way. Not thread-safe.
class ProgressBar {
 public:
  // `seconds` is a monotonic clock.
  ProgressBar(absl::string_view label, bool terminal, std::ostream& out,
              std::function<double()> seconds);

  // `first` is where a resumed job already was: the time left is estimated from what was done
  // since.
  void Start(int64_t first, int64_t total);
  // `note` follows the numbers, as in "loss 0.28".
  void Update(int64_t done, absl::string_view note);
  // Ends the line, so that what follows starts a new one.
  void Finish();

 private:
  std::string Render(int64_t done, absl::string_view note) const;

  std::string label_;
  bool terminal_;
  std::ostream& out_;
  std::function<double()> seconds_;
  int64_t first_ = 0;
  int64_t total_ = 0;
  double started_ = 0;
  double drawn_ = 0;
  int64_t tenths_ = 0;
  bool open_ = false;
};

// Returns "0:07", "12:30", "3:05:00".
std::string ClockText(double seconds);

}  // namespace imprint::cli
