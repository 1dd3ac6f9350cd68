#include "cli/program/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace imprint::cli {
namespace {

constexpr int kWidth = 16;
constexpr double kRedrawSeconds = 0.1;
constexpr absl::string_view kToLineStart = "\r";
constexpr absl::string_view kClearToLineEnd = "\x1B[K";

}  // namespace

ProgressBar::ProgressBar(absl::string_view label, bool terminal, std::ostream& out,
                         std::function<double()> seconds)
    : label_(label), terminal_(terminal), out_(out), seconds_(std::move(seconds)) {}

void ProgressBar::Start(int64_t first, int64_t total) {
  first_ = first;
  total_ = std::max<int64_t>(total, 1);
  started_ = seconds_();
  drawn_ = started_ - kRedrawSeconds;
  tenths_ = 10 * first / total_;
}

void ProgressBar::Update(int64_t done, absl::string_view note) {
  if (terminal_) {
    const double now = seconds_();
    if (now - drawn_ < kRedrawSeconds && done < total_) return;
    drawn_ = now;
    out_ << kToLineStart << Render(done, note) << kClearToLineEnd << std::flush;
    open_ = true;
  } else if (10 * done / total_ > tenths_) {
    tenths_ = 10 * done / total_;
    out_ << Render(done, note) << "\n" << std::flush;
  }
}

void ProgressBar::Finish() {
  if (open_) out_ << "\n" << std::flush;
  open_ = false;
}

std::string ProgressBar::Render(int64_t done, absl::string_view note) const {
  const auto filled = static_cast<int>(kWidth * done / total_);
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < filled ? "█" : "░";
  std::string line = absl::StrFormat("%-11s%s %d/%d", label_, bar, done, total_);
  if (!note.empty()) absl::StrAppend(&line, "  ", note);
  if (done > first_) {
    const double each = (seconds_() - started_) / static_cast<double>(done - first_);
    const double left = each * static_cast<double>(total_ - done);
    absl::StrAppend(&line, "  ", ClockText(left), " left");
  }
  return line;
}

std::string ClockText(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(seconds));
  if (whole >= 3600) {
    return absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
}

}  // namespace imprint::cli
