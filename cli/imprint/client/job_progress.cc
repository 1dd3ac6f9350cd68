#include "cli/imprint/client/job_progress.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/imprint/client/resource_options.h"

#include "base/monotonic_seconds.h"
#include "rpc/enum_text.h"

namespace imprint::cli {
namespace {

const char* Label(const v1::Job& job) { return job.has_training() ? "teaching" : "drawing"; }

// Adds what every event has for programs.
nlohmann::json With(const std::string& job, const v1::JobEvent& event, nlohmann::json fields) {
  fields["job"] = job;
  fields["number"] = event.number();
  if (event.attempt() > 0) fields["attempt"] = event.attempt();
  if (!event.node().empty()) fields["node"] = event.node();
  return fields;
}

std::string AttemptStateText(v1::AttemptState state) {
  return EnumText(v1::AttemptState_Name(state), "ATTEMPT_STATE_");
}

}  // namespace

JobProgress::JobProgress(Console& console, bool terminal, const v1::Job& job)
    : console_(console),
      bar_(Label(job), terminal, console.err(), MonotonicSeconds),
      job_(job.name()),
      training_(job.has_training()),
      seen_(job.last_event()),
      pictures_(job.items_total()) {}

void JobProgress::Tell(const v1::JobEvent& event) {
  switch (event.event_case()) {
    case v1::JobEvent::kStateChange:
      return TellState(event);
    case v1::JobEvent::kProgress:
      return TellStep(event);
    case v1::JobEvent::kPicture:
      return TellPicture(event);
    case v1::JobEvent::kAttemptChange:
      return TellAttempt(event);
    case v1::JobEvent::kCheckpoint:
      return console_.Event("checkpoint", With(job_, event, {{"step", event.checkpoint().step()}}));
    case v1::JobEvent::EVENT_NOT_SET:
      return;
  }
}

void JobProgress::TellState(const v1::JobEvent& event) {
  const v1::JobEvent::StateChange& change = event.state_change();
  console_.Event("state", With(job_, event,
                               {{"from", StateText(change.from())},
                                {"to", StateText(change.to())},
                                {"reason", change.reason()}}));
  // The job waits again, or goes on to another attempt: the time left is counted anew.
  if (change.to() == v1::JOB_STATE_PENDING) started_ = false;
}

void JobProgress::TellStep(const v1::JobEvent& event) {
  const v1::TrainingProgress& progress = event.progress();
  console_.Event("step", With(job_, event,
                              {{"step", progress.step()},
                               {"steps", progress.steps()},
                               {"loss", progress.loss()},
                               {"smoothed_loss", progress.smoothed_loss()},
                               {"norm", progress.norm()},
                               {"seconds_per_step", progress.seconds_per_step()}}));
  // Events from before the watch began are for programs; drawn, they would only flicker by.
  if (event.number() <= seen_) return;
  Draw(progress.step(), progress.steps(),
       absl::StrFormat("loss %.4f  norm %.2f", progress.smoothed_loss(), progress.norm()));
}

void JobProgress::TellPicture(const v1::JobEvent& event) {
  const v1::JobEvent::PictureDone& picture = event.picture();
  ++pictures_done_;
  console_.Event("picture", With(job_, event,
                                 {{"item", picture.item()},
                                  {"index", picture.index()},
                                  {"prompt", picture.prompt()},
                                  {"seed", picture.seed()},
                                  {"blocked", picture.blocked()},
                                  {"sha256", picture.sha256()}}));
  if (event.number() > seen_) Draw(pictures_done_, pictures_, "");
}

void JobProgress::TellAttempt(const v1::JobEvent& event) {
  const v1::JobEvent::AttemptChange& change = event.attempt_change();
  const std::vector<std::string> nodes(change.nodes().begin(), change.nodes().end());
  console_.Event("attempt", With(job_, event,
                                 {{"state", AttemptStateText(change.state())},
                                  {"reason", change.reason()},
                                  {"nodes", nodes},
                                  {"resumes_from_step", change.resumes_from_step()}}));
  if (training_ && change.state() == v1::ATTEMPT_STATE_STARTED) {
    started_ = false;
    // Nobody asks where an only attempt on an only node is.
    if (!console_.json() && (nodes.size() > 1 || event.attempt() > 1)) {
      bar_.Finish();
      console_.Line("attempt", absl::StrCat(event.attempt(), " on ", absl::StrJoin(nodes, ", "),
                                            change.resumes_from_step() == 0
                                                ? ""
                                                : absl::StrCat("; resumes from step ",
                                                               change.resumes_from_step())));
    }
  }
  const bool fault =
      change.state() == v1::ATTEMPT_STATE_FAILED || change.state() == v1::ATTEMPT_STATE_LOST;
  if (!fault || console_.json()) return;
  bar_.Finish();
  console_.Warn(absl::StrCat("attempt ", event.attempt(), " on ", event.node(), " ",
                             AttemptStateText(change.state()), ": ", change.reason()));
}

void JobProgress::Draw(int64_t done, int64_t total, const std::string& note) {
  if (console_.json()) return;
  // Time left counts from here on: what was done before says nothing of this attempt's speed.
  if (!started_) bar_.Start(done, total);
  started_ = true;
  bar_.Update(done, note);
}

absl::StatusOr<v1::Job> FollowWithProgress(Gateway& gateway, Console& console, bool terminal,
                                           const v1::Job& job, const FollowOptions& options,
                                           const JobEventHandler& handle) {
  JobProgress progress(console, terminal, job);
  auto followed =
      FollowJob(gateway, job.name(), options, [&](const v1::JobEvent& event) -> absl::Status {
        progress.Tell(event);
        return handle ? handle(event) : absl::OkStatus();
      });
  progress.Finish();
  return followed;
}

}  // namespace imprint::cli
