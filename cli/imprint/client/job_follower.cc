#include "cli/imprint/client/job_follower.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "cli/imprint/client/resource_options.h"

#include "base/status_macros.h"
#include "rpc/client_call.h"
#include "rpc/retry.h"
#include "rpc/status.h"

namespace imprint::cli {
namespace {

// Returns whether the gateway has gone: killed, or draining, when it cancels the streams that are
// left.
bool IsGatewayGone(const absl::Status& status) {
  return IsStreamBroken(status) || absl::IsCancelled(status);
}

class Follower {
 public:
  Follower(Gateway& gateway, const std::string& job, const FollowOptions& options,
           const JobEventHandler& handle)
      : gateway_(gateway),
        job_(job),
        patience_(options.patience),
        handle_(handle),
        next_(std::max<int64_t>(options.from_event, 1)) {}

  absl::StatusOr<v1::Job> Run() {
    absl::Time heard = absl::Now();
    Backoff backoff = kCallBackoff;
    while (true) {
      const int64_t before = next_;
      const absl::Status status = ReadStream();
      if (!handled_.ok()) return handled_;
      if (gateway_.stop().stop_requested()) return StoppedWatching({job_});
      if (status.ok()) {
        ASSIGN_OR_RETURN(v1::Job job, Get());
        if (IsTerminal(job.state())) return job;
      } else if (!IsGatewayGone(status) && !IsRetryable(status)) {
        return status;
      }
      // Patience is for silence alone: whoever sends events, however often its stream breaks, is
      // there.
      if (status.ok() || next_ > before) {
        heard = absl::Now();
        backoff.Reset();
      } else if (absl::Now() - heard > patience_) {
        if (!IsGatewayGone(status)) return gateway_.Explained(status);
        return gateway_.Explained(absl::UnavailableError(
            absl::StrCat(status.message(), "; ", job_, " may go on without being watched")));
      }
      if (!gateway_.Wait(backoff.Next(status))) return StoppedWatching({job_});
    }
  }

 private:
  absl::Status ReadStream() {
    v1::WatchJobRequest request;
    request.set_name(job_);
    request.set_from_event(next_);
    ClientCall call({.stop = gateway_.stop()});
    const auto stream = gateway_.jobs().WatchJob(&call.context(), request);
    v1::JobEvent event;
    while (stream->Read(&event)) {
      // Each event is handled once, whatever a stream after a restart begins with.
      if (event.number() < next_) continue;
      next_ = event.number() + 1;
      handled_ = handle_(event);
      if (!handled_.ok()) {
        call.context().TryCancel();
        break;
      }
    }
    return FromGrpc(stream->Finish());
  }

  absl::StatusOr<v1::Job> Get() {
    v1::GetJobRequest request;
    request.set_name(job_);
    return gateway_.Call(&JobCalls::GetJob, request);
  }

  Gateway& gateway_;
  const std::string& job_;
  const absl::Duration patience_;
  const JobEventHandler& handle_;
  int64_t next_;
  absl::Status handled_;
};

}  // namespace

absl::StatusOr<v1::Job> FollowJob(Gateway& gateway, const std::string& job,
                                  const FollowOptions& options, const JobEventHandler& handle) {
  return Follower(gateway, job, options, handle).Run();
}

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

absl::Status Outcome(const v1::Job& job) {
  const absl::string_view id = ShortName(job.name());
  switch (job.state()) {
    case v1::JOB_STATE_SUCCEEDED:
      return absl::OkStatus();
    case v1::JOB_STATE_CANCELLED:
      // A plan's set keeps what was drawn, and goes on from there.
      if (!job.image_set().plan().empty()) {
        return absl::AbortedError(absl::StrCat(job.name(),
                                               " was cancelled; imprint set extend PLAN --of ", id,
                                               " draws what is missing"));
      }
      return absl::AbortedError(absl::StrCat(job.name(), " was cancelled; imprint retry ", id,
                                             " does the same as a new job"));
    case v1::JOB_STATE_FAILED:
      return absl::FailedPreconditionError(
          absl::StrCat(job.name(), " failed: ", job.failure().message(), " (",
                       job.failure().reason(), "); imprint explain ", id, " has its attempts"));
    default:
      return absl::FailedPreconditionError(
          absl::StrCat(job.name(), " is ", StateText(job.state())));
  }
}

void TellWarnings(const v1::Job& job, Console& console) {
  for (const std::string& warning : job.warnings()) console.Warn(warning);
}

void TellWhatItWaitsFor(Gateway& gateway, Console& console, const v1::Job& job) {
  v1::ExplainJobRequest request;
  request.set_name(job.name());
  const auto explained = gateway.Call(&JobCalls::ExplainJob, request);
  const bool waits =
      explained.ok() && explained->state() == v1::JOB_STATE_PENDING &&
      (explained->jobs_ahead() > 0 || explained->slots_free() < explained->slots_needed());
  if (waits) console.Line("queued", explained->summary());
}

absl::Status StoppedWatching(const std::vector<std::string>& jobs) {
  const bool one = jobs.size() == 1;
  const auto each = [&](absl::string_view command) {
    return absl::StrJoin(jobs, " and ", [&](std::string* text, const std::string& job) {
      absl::StrAppend(text, "imprint ", command, " ", ShortName(job));
    });
  };
  return absl::CancelledError(absl::StrCat("stopped watching; ", absl::StrJoin(jobs, " and "),
                                           one ? " goes on: " : " go on: ", each("watch"),
                                           one ? " follows it, " : " follow them, ", each("cancel"),
                                           one ? " stops it" : " stop them"));
}

}  // namespace imprint::cli
