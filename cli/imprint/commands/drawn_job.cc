#include "cli/imprint/commands/drawn_job.h"

#include "absl/strings/str_cat.h"
#include "cli/imprint/client/job_follower.h"
#include "cli/imprint/client/job_progress.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/program/table.h"

#include "base/status_macros.h"

namespace imprint::cli {

void TellCreated(const v1::Job& job, const std::string& request_id, bool comparison,
                 Console& console) {
  console.Line(comparison ? "comparison" : "job",
               absl::StrCat(job.name(), ", ", CountText(job.items_total(), "picture"), ", ",
                            job.image_set().image_set()));
  console.Event("job", {{"name", job.name()},
                        {"state", StateText(job.state())},
                        {"image_set", job.image_set().image_set()},
                        {"comparison", comparison},
                        {"request_id", request_id},
                        {"warnings", ToJson(job.warnings())}});
  if (!comparison) TellWarnings(job, console);
}

absl::StatusOr<v1::Job> FollowIntoFolder(const v1::Job& job, const PlaceOf& place_of,
                                         PictureFolder& folder, Gateway& gateway,
                                         CommandContext& context, int64_t& kept) {
  Console& console = context.console;
  TellWhatItWaitsFor(gateway, console, job);
  const auto keep = [&](const v1::JobEvent::PictureDone& picture) -> absl::Status {
    if (picture.blocked()) return absl::OkStatus();
    v1::ItemRequest item;
    item.set_index(picture.index());
    item.set_key(picture.key());
    ASSIGN_OR_RETURN(const PlannedItem place, place_of(item));
    ASSIGN_OR_RETURN(const auto file, folder.Keep(gateway, place, picture.item(), picture.sha256(),
                                                  job.image_set().format()));
    ++kept;
    nlohmann::json saved = {{"file", file.string()},
                            {"item", picture.item()},
                            {"prompt", picture.prompt()},
                            {"seed", picture.seed()}};
    if (!picture.key().empty()) saved["key"] = picture.key();
    console.Event("saved", saved);
    return absl::OkStatus();
  };
  auto followed = FollowWithProgress(
      gateway, console, context.terminal, job, {}, [&](const v1::JobEvent& event) {
        return event.has_picture() ? keep(event.picture()) : absl::OkStatus();
      });
  if (!followed.ok()) return followed.status();
  RETURN_IF_ERROR(Outcome(*followed));
  return followed;
}

}  // namespace imprint::cli
