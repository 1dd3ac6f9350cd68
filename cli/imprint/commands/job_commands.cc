// imprint watch, jobs, explain, cancel, retry.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "cli/imprint/client/age_text.h"
#include "cli/imprint/client/job_follower.h"
#include "cli/imprint/client/job_progress.h"
#include "cli/imprint/client/listing.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/command.h"
#include "cli/program/table.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

std::string KindText(const v1::Job& job) { return job.has_training() ? "teach" : "draw"; }

// What it is about: "<rex> from "dog"", or the first prompt.
std::string SubjectText(const v1::Job& job) {
  if (job.has_training()) {
    return absl::StrCat(job.training().token(), ", a ", job.training().class_word());
  }
  const v1::ImageSetSpec& spec = job.image_set();
  if (!spec.title().empty()) return spec.title();
  if (spec.prompts().empty()) return "";
  return spec.prompts_size() == 1 ? spec.prompts(0) : absl::StrCat(spec.prompts(0), ", …");
}

std::string DoneText(const v1::Job& job) {
  if (job.has_training()) {
    const v1::TrainingProgress& progress = job.progress();
    const int64_t steps = progress.steps() > 0 ? progress.steps() : job.training().recipe().steps();
    return absl::StrCat(progress.step(), "/", steps);
  }
  return absl::StrCat(job.items_done(), "/", job.items_total());
}

void Describe(Console& console, const v1::Job& job) {
  console.Line("job", absl::StrCat(job.name(), ", ", StateText(job.state())));
  if (!job.result().empty()) console.Line("result", job.result());
  if (job.has_failure()) {
    console.Line("failure",
                 absl::StrCat(job.failure().message(), " (", job.failure().reason(), ")"));
  }
  if (!job.retry_of().empty()) console.Line("repeats", job.retry_of());
  console.Event("job", {{"name", job.name()},
                        {"state", StateText(job.state())},
                        {"result", job.result()},
                        {"details", ToJson(job)}});
}

absl::StatusOr<v1::Job> GetJob(Gateway& gateway, const std::string& name) {
  v1::GetJobRequest request;
  request.set_name(name);
  return gateway.Call(&JobCalls::GetJob, request);
}

// A subcommand whose one argument is a job.
using JobRun = std::function<absl::Status(const std::string& name, Gateway&, CommandContext&)>;
Command MakeJobCommand(CLI::App& app, const std::string& name, const std::string& about,
                       JobRun run) {
  const auto job = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(name, about);
  command->add_option("JOB", *job, "jobs/ID, or the id alone")->type_name("")->required();
  return {command, [job, run = std::move(run)](CommandContext& context) -> absl::Status {
            ASSIGN_OR_RETURN(const std::string full, JobName(*job));
            ASSIGN_OR_RETURN(const auto gateway, Connect(context));
            return run(full, *gateway, context);
          }};
}

absl::Status Watch(const std::string& name, int64_t from_event, Gateway& gateway,
                   CommandContext& context) {
  if (from_event < 0) {
    return FieldError("from-event", absl::StrCat(from_event), "the number of an event, from 0 on");
  }
  ASSIGN_OR_RETURN(const v1::Job job, GetJob(gateway, name));
  if (!IsTerminal(job.state())) TellWhatItWaitsFor(gateway, context.console, job);
  const auto followed = FollowWithProgress(gateway, context.console, context.terminal, job,
                                           {.from_event = from_event});
  if (!followed.ok()) return followed.status();
  Describe(context.console, *followed);
  return Outcome(*followed);
}

nlohmann::json Holders(const v1::ExplainJobResponse& explained) {
  nlohmann::json holders = nlohmann::json::array();
  for (const auto& holder : explained.holders()) holders.push_back(ToJson(holder));
  return holders;
}

absl::Status Explain(const std::string& name, Gateway& gateway, CommandContext& context) {
  v1::ExplainJobRequest request;
  request.set_name(name);
  ASSIGN_OR_RETURN(const auto explained, gateway.Call(&JobCalls::ExplainJob, request));
  Console& console = context.console;
  console.Line("job", absl::StrCat(name, ", ", StateText(explained.state())));
  console.Line("why", explained.summary());
  for (const std::string& attempt : explained.attempts()) console.Line("attempt", attempt);
  for (const std::string& warning : explained.warnings()) console.Warn(warning);
  console.Event("explanation", {{"job", name},
                                {"state", StateText(explained.state())},
                                {"summary", explained.summary()},
                                {"jobs_ahead", explained.jobs_ahead()},
                                {"slots_needed", explained.slots_needed()},
                                {"slots_free", explained.slots_free()},
                                {"attempts", ToJson(explained.attempts())},
                                {"holders", Holders(explained)},
                                {"warnings", ToJson(explained.warnings())}});
  return absl::OkStatus();
}

Command MakeCancelCommand(CLI::App& app) {
  const auto reason = std::make_shared<std::string>();
  Command command = MakeJobCommand(
      app, "cancel", "Ask a job to stop.",
      [reason](const std::string& name, Gateway& gateway, CommandContext& context) -> absl::Status {
        v1::CancelJobRequest request;
        request.set_name(name);
        request.set_reason(*reason);
        ASSIGN_OR_RETURN(const v1::Job job, gateway.Call(&JobCalls::CancelJob, request));
        Describe(context.console, job);
        if (job.state() == v1::JOB_STATE_FINALIZING) {
          context.console.Warn(
              absl::StrCat(job.name(),
                           " is not stopped: it is computed, and its result is on its way and will "
                           "be kept"));
        }
        return absl::OkStatus();
      });
  command.app->add_option("--reason", *reason, "Why, for whoever asks later")->type_name("TEXT");
  return command;
}

Command MakeRetryCommand(CLI::App& app) {
  const auto request_id = std::make_shared<std::string>();
  Command command = MakeJobCommand(
      app, "retry", "Queue a new job that does what an ended one was to do.",
      [request_id](const std::string& name, Gateway& gateway,
                   CommandContext& context) -> absl::Status {
        v1::RetryJobRequest request;
        request.set_name(name);
        request.set_request_id(request_id->empty() ? NewRequestId() : *request_id);
        ASSIGN_OR_RETURN(const v1::Job job, gateway.Call(&JobCalls::RetryJob, request));
        Describe(context.console, job);
        return absl::OkStatus();
      });
  command.app
      ->add_option("--request-id", *request_id,
                   "The same id gives the same job, so that a script may repeat itself")
      ->type_name("ID");
  return command;
}

struct ListOptions {
  std::string state;
  std::string kind;
  std::vector<std::string> labels;
  std::string filter;
  int limit = 50;
};

// The terms that the API's filter is made of.
std::string FilterOf(const ListOptions& options) {
  std::vector<std::string> terms;
  if (!options.state.empty()) {
    terms.push_back(absl::StrCat("state = ", absl::AsciiStrToUpper(options.state)));
  }
  if (!options.kind.empty()) {
    const bool teach = options.kind == "teach" || options.kind == "training";
    const bool draw = options.kind == "draw";
    terms.push_back(
        absl::StrCat("kind = ", teach ? "training" : (draw ? "image_set" : options.kind)));
  }
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    terms.push_back(absl::StrCat("labels.", label.substr(0, equals), " = \"",
                                 equals == std::string::npos ? "" : label.substr(equals + 1),
                                 "\""));
  }
  if (!options.filter.empty()) terms.push_back(options.filter);
  return absl::StrJoin(terms, " AND ");
}

absl::Status PrintJobs(const ListOptions& options, CommandContext& context) {
  RETURN_IF_ERROR(CheckNumber("limit", options.limit, 1, 1'000'000));
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  v1::ListJobsRequest request;
  request.set_filter(FilterOf(options));
  request.set_page_size(std::clamp(options.limit, 1, 1000));
  Table table({"JOB", "KIND", "STATE", "DONE", "CREATED", "WHAT"});
  const absl::Time now = absl::Now();
  int left = options.limit;
  bool more = false;
  RETURN_IF_ERROR(ForEachPage(
      *gateway, &JobCalls::ListJobs, request,
      std::function<bool(const v1::ListJobsResponse&)>([&](const auto& page) {
        for (const v1::Job& job : page.jobs()) {
          if (left-- <= 0) break;
          table.Add({std::string(ShortName(job.name())), KindText(job), StateText(job.state()),
                     DoneText(job), AgeText(job.create_time(), now), SubjectText(job)});
          context.console.Event("job", {{"name", job.name()},
                                        {"state", StateText(job.state())},
                                        {"result", job.result()},
                                        {"details", ToJson(job)}});
        }
        more = left < 0 || !page.next_page_token().empty();
        return left > 0;
      })));
  context.console.Text(table.empty() ? "no jobs\n" : table.Text());
  if (more) context.console.Text("there are more; --limit N shows them\n");
  return absl::OkStatus();
}

Command MakeListCommand(CLI::App& app) {
  const auto options = std::make_shared<ListOptions>();
  CLI::App* jobs = app.add_subcommand("jobs", "List jobs, newest first.");
  jobs->add_option("--state", options->state, "Only these: pending, running, failed, ...")
      ->type_name("STATE");
  jobs->add_option("--kind", options->kind, "Only these: teach or draw")->type_name("KIND");
  jobs->add_option("--label", options->labels, "Only with this label; repeatable")
      ->type_name("KEY=VALUE");
  jobs->add_option("--filter", options->filter, "Terms as ListJobs has them, joined by AND")
      ->type_name("TEXT");
  jobs->add_option("--limit", options->limit, "At most so many")->capture_default_str();
  return {jobs, [options](CommandContext& context) { return PrintJobs(*options, context); }};
}

}  // namespace

Command MakeWatchCommand(CLI::App& app) {
  const auto from_event = std::make_shared<int64_t>(0);
  Command command = MakeJobCommand(
      app, "watch", "Follow a job until it ends.",
      [from_event](const std::string& name, Gateway& gateway, CommandContext& context) {
        return Watch(name, *from_event, gateway, context);
      });
  command.app->add_option("--from-event", *from_event, "With --json: the first event to tell");
  return command;
}

std::vector<Command> MakeJobCommands(CLI::App& app) {
  std::vector<Command> commands;
  commands.push_back(MakeWatchCommand(app));
  commands.push_back(MakeListCommand(app));
  commands.push_back(MakeJobCommand(
      app, "explain", "Say why a job is where it is, and what it waits for.", Explain));
  commands.push_back(MakeCancelCommand(app));
  commands.push_back(MakeRetryCommand(app));
  return commands;
}

}  // namespace imprint::cli
