// Reports a job's events to people, as a progress bar and a line for what is unusual, and to
// programs.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "cli/imprint/client/gateway.h"
#include "cli/imprint/client/job_follower.h"
#include "cli/program/console.h"
#include "cli/program/progress_bar.h"
#include <imprint/v1/job.pb.h>

namespace imprint::cli {

// Not thread-safe.
class JobProgress {
 public:
  // `job` is the job as it is when the following begins: its earlier events are reported to
  // programs, but draw no bar.
  JobProgress(Console& console, bool terminal, const v1::Job& job);

  void Tell(const v1::JobEvent& event);

  // Ends the bar's line, so that other text can follow.
  void Finish() { bar_.Finish(); }

 private:
  void TellState(const v1::JobEvent& event);
  void TellStep(const v1::JobEvent& event);
  void TellPicture(const v1::JobEvent& event);
  void TellAttempt(const v1::JobEvent& event);
  void Draw(int64_t done, int64_t total, const std::string& note);

  Console& console_;
  ProgressBar bar_;
  const std::string job_;
  const bool training_;
  // Events up to this one are history.
  const int64_t seen_;
  const int64_t pictures_;
  int64_t pictures_done_ = 0;
  bool started_ = false;
};

// Follows a job as FollowJob does, and shows how it goes; `handle` may be empty.
absl::StatusOr<v1::Job> FollowWithProgress(Gateway& gateway, Console& console, bool terminal,
                                           const v1::Job& job, const FollowOptions& options = {},
                                           const JobEventHandler& handle = nullptr);

}  // namespace imprint::cli
