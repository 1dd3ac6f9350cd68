// imprint set redraw: draws pictures of a set again from their records, and compares.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/imprint/client/image_sets.h"
#include "cli/imprint/client/job_follower.h"
#include "cli/imprint/client/job_progress.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/client/transfers.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/drawn_job.h"
#include "cli/imprint/commands/set_commands.h"
#include "cli/pictures/picture_comparison.h"
#include "cli/program/table.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

constexpr int64_t kMostAtOnce = 1000;

struct RedrawOptions {
  std::string set;
  std::vector<std::string> keys;
  std::vector<int64_t> items;
  int64_t sample = 0;
  std::string request_id;
};

// The item is of the set, so its name is enough to tell it to people.
std::string NameOf(const v1::Item& item) {
  return item.request().key().empty() ? item.name() : item.request().key();
}

absl::StatusOr<std::vector<int64_t>> ChooseItems(const RedrawOptions& options,
                                                 const v1::ImageSet& set, Gateway& gateway) {
  std::vector<int64_t> items = options.items;
  for (const std::string& key : options.keys) {
    v1::GetItemRequest request;
    request.set_parent(set.name());
    request.set_key(key);
    ASSIGN_OR_RETURN(const v1::Item item, gateway.Call(&RegistryCalls::GetItem, request));
    items.push_back(item.request().index());
  }
  const int64_t sample = options.sample;
  const int64_t total = set.items_total();
  if (sample < 0 || (sample > 0 && !items.empty())) {
    return FieldError("sample", absl::StrCat(sample), "a number alone, or --key and --item alone");
  }
  if (items.empty()) {
    // Evenly over the set.
    const int64_t count = sample > 0 ? std::min(sample, total) : total;
    for (int64_t i = 0; i < count && count <= kMostAtOnce; ++i) items.push_back(i * total / count);
    if (count > kMostAtOnce) {
      return FieldError("sample", absl::StrCat(count, " pictures"),
                        absl::StrCat("at most ", kMostAtOnce,
                                     " at once: --sample, --key or "
                                     "--item choose some"));
    }
  }
  return items;
}

// What the two were computed with, if that differs: then other last digits are to be expected.
std::string OtherComputation(const v1::Item& before, const v1::Item& now) {
  const auto text = [](const v1::PictureComputation& of) {
    return absl::StrCat("version ", of.version(), ", ", of.device(), " ", of.device_model(), ", ",
                        of.threads(), " threads, ", of.batch_places(), " places");
  };
  const std::string was = text(before.computation());
  const std::string is = text(now.computation());
  return was == is ? "" : absl::StrCat("then: ", was, "; now: ", is);
}

struct SeenAgain {
  bool same = false;
  std::string text;
};

absl::StatusOr<SeenAgain> Compare(const v1::Item& before, const v1::Item& now, Gateway& gateway) {
  if (before.safety().blocked() || now.safety().blocked()) {
    const bool same = before.safety().blocked() == now.safety().blocked();
    return SeenAgain{same, same ? "blocked, as before" : "blocked only once"};
  }
  if (before.sha256() == now.sha256()) return SeenAgain{true, "bit for bit"};
  ASSIGN_OR_RETURN(const std::string old_file, DownloadItem(gateway, before.name()));
  ASSIGN_OR_RETURN(const std::string new_file, DownloadItem(gateway, now.name()));
  return SeenAgain{false, Difference(std::as_bytes(std::span(old_file)), new_file)};
}

absl::StatusOr<v1::Job> DrawAgain(const v1::ImageSet& set, const std::vector<int64_t>& items,
                                  const std::string& request_id, Gateway& gateway,
                                  CommandContext& context) {
  v1::CreateImageSetJobRequest request;
  v1::Redraw& redraw = *request.mutable_spec()->mutable_redraw();
  redraw.set_image_set(set.name());
  redraw.mutable_items()->Assign(items.begin(), items.end());
  request.mutable_spec()->set_title(absl::StrCat("Again: ", set.title().substr(0, 190)));
  request.set_request_id(request_id.empty() ? NewRequestId() : request_id);
  ASSIGN_OR_RETURN(const v1::Job job, gateway.Call(&JobCalls::CreateImageSetJob, request));
  TellCreated(job, request.request_id(), /*comparison=*/false, context.console);
  TellWhatItWaitsFor(gateway, context.console, job);
  const auto followed = FollowWithProgress(gateway, context.console, context.terminal, job);
  if (absl::IsCancelled(followed.status())) return StoppedWatching({job.name()});
  if (!followed.ok()) return followed.status();
  RETURN_IF_ERROR(Outcome(*followed));
  return *followed;
}

absl::Status Redraw(const RedrawOptions& options, CommandContext& context) {
  Console& console = context.console;
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const std::string name, ImageSetName(options.set));
  ASSIGN_OR_RETURN(const v1::ImageSet set, GetImageSet(*gateway, name));
  ASSIGN_OR_RETURN(const auto items, ChooseItems(options, set, *gateway));
  ASSIGN_OR_RETURN(const v1::Job job, DrawAgain(set, items, options.request_id, *gateway, context));
  ASSIGN_OR_RETURN(const std::vector<v1::Item> drawn, ListItems(*gateway, job.result()));
  Table table({"PICTURE", "SEED", "DRAWN AGAIN"});
  int64_t same = 0;
  std::string other;
  for (const v1::Item& now : drawn) {
    v1::GetItemRequest request;
    request.set_name(now.request().redraw_of());
    ASSIGN_OR_RETURN(const v1::Item before, gateway->Call(&RegistryCalls::GetItem, request));
    ASSIGN_OR_RETURN(const SeenAgain outcome, Compare(before, now, *gateway));
    same += outcome.same ? 1 : 0;
    if (other.empty()) other = OtherComputation(before, now);
    table.Add({NameOf(before), absl::StrCat(before.request().seed()), outcome.text});
    console.Event("redrawn", {{"item", before.name()},
                              {"key", before.request().key()},
                              {"again", now.name()},
                              {"same", outcome.same},
                              {"comparison", outcome.text}});
  }
  console.Text(table.Text());
  if (!other.empty()) console.Warn(absl::StrCat("computed otherwise, ", other));
  console.Line("the same", absl::StrCat(same, " of ", CountText(std::ssize(drawn), "picture")));
  console.Event("result",
                {{"pictures", drawn.size()}, {"same", same}, {"image_set", job.result()}});
  if (same == std::ssize(drawn)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(std::ssize(drawn) - same, " of ",
                                          CountText(std::ssize(drawn), "picture"),
                                          " came out otherwise than recorded"));
}

}  // namespace

Command MakeSetRedrawCommand(CLI::App& set) {
  CLI::App* redraw = set.add_subcommand(
      "redraw",
      "Draw pictures of a set again from their records, on whichever sampler is free, and say "
      "whether they are the same, bit for bit.\n\n"
      "  imprint set redraw SET --sample 10\n");
  const auto options = std::make_shared<RedrawOptions>();
  redraw->add_option("SET", options->set, "imageSets/ID, or the id alone")
      ->type_name("")
      ->required();
  redraw->add_option("--key", options->keys, "Picture of a plan, by its key; repeatable")
      ->type_name("KEY")
      ->allow_extra_args(false);
  redraw->add_option("--item", options->items, "Picture, by its place in the set; repeatable")
      ->type_name("INDEX")
      ->allow_extra_args(false);
  redraw
      ->add_option("--sample", options->sample,
                   "So many pictures, evenly over the set; default: all")
      ->type_name("N");
  redraw
      ->add_option("--request-id", options->request_id,
                   "The same id gives the same job, so that a script may repeat itself")
      ->type_name("ID");
  return {redraw, [options](CommandContext& context) { return Redraw(*options, context); }};
}

}  // namespace imprint::cli
