#include "cli/imprint/commands/set_drawing.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/imprint/client/image_sets.h"
#include "cli/imprint/client/job_follower.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/drawn_job.h"
#include "cli/imprint/commands/picture_folder.h"
#include "cli/imprint/commands/plan_layout.h"
#include "cli/imprint/commands/set_folder.h"
#include "cli/imprint/commands/set_lookup.h"
#include "cli/pictures/drawing_options.h"
#include "cli/program/table.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_file.h"
#include "sets/coverage.h"
#include "sets/plan_file.h"

namespace imprint::cli {
namespace {

// One run of the command.
class SetDrawing {
 public:
  SetDrawing(const SetOrder& order, CommandContext& context)
      : order_(order), context_(context), console_(context.console) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(const std::string text, ReadTextFile(order_.plan, sets::kMaxPlanBytes));
    ASSIGN_OR_RETURN(plan_, ReadExpansion(text, order_.plan.string()));
    RETURN_IF_ERROR(sets::CheckQuotas(plan_->plan(), sets::CoverageOf(*plan_)));
    if (order_.wait) {
      if (plan_->size() > static_cast<int64_t>(kMaxDrawnPictures)) {
        return FieldError(
            order_.plan.string(), absl::StrCat(plan_->size(), " pictures"),
            absl::StrCat("at most ", kMaxDrawnPictures, " in one folder; --no-wait queues more"));
      }
      ASSIGN_OR_RETURN(layout_, PlanLayout::Make(plan_, order_.columns));
      ASSIGN_OR_RETURN(folder_, PictureFolder::Make(order_.out, order_.overwrite));
    }
    ASSIGN_OR_RETURN(gateway_, Connect(context_));
    ASSIGN_OR_RETURN(const v1::Job created, CreateJob(text));
    if (!order_.wait) return absl::OkStatus();
    const auto job = FollowIntoFolder(created, place_of(), *folder_, *gateway_, context_, kept_);
    if (absl::IsCancelled(job.status())) return Stopped(created);
    const absl::Status concluded = Conclude(created);
    return job.ok() ? concluded : job.status();
  }

 private:
  // Those that were given. An extension takes the versions of the set that it extends, and for
  // concepts that are new in the plan the newest.
  absl::StatusOr<std::vector<std::string>> Embeddings() {
    if (order_.spec.extends().empty() || !order_.embeddings.empty() ||
        !plan_->plan().embeddings.empty()) {
      return order_.embeddings;
    }
    ASSIGN_OR_RETURN(const v1::ImageSet earlier, GetImageSet(*gateway_, order_.spec.extends()));
    std::vector<std::string> names = {earlier.spec().embeddings().begin(),
                                      earlier.spec().embeddings().end()};
    const auto concept_of = [](const std::string& name) {
      return name.substr(0, name.find("/embeddings/"));
    };
    ASSIGN_OR_RETURN(const SetParts now, FindSetParts(*plan_, order_.model, {}, *gateway_));
    for (const v1::Embedding& embedding : now.embeddings) {
      const auto is_same = [&](const std::string& name) {
        return concept_of(name) == concept_of(embedding.name());
      };
      if (std::none_of(names.begin(), names.end(), is_same)) names.push_back(embedding.name());
    }
    return names;
  }

  PlaceOf place_of() const {
    return [this](const v1::ItemRequest& item) { return layout_->Of(item); };
  }

  absl::StatusOr<v1::Job> CreateJob(const std::string& text) {
    ASSIGN_OR_RETURN(const std::vector<std::string> embeddings, Embeddings());
    ASSIGN_OR_RETURN(parts_, FindSetParts(*plan_, order_.model, embeddings, *gateway_));
    console_.Line("model",
                  absl::StrCat(parts_.model.name(), " (", parts_.model.fingerprint().substr(0, 12),
                               ") at ", gateway_->address()));
    for (const v1::Embedding& embedding : parts_.embeddings) {
      console_.Line("concept", absl::StrCat(embedding.token(), " is ", embedding.name()));
    }
    v1::CreateImageSetJobRequest request;
    v1::ImageSetSpec& spec = *request.mutable_spec();
    spec = order_.spec;
    spec.set_plan(text);
    FillParts(parts_, spec);
    request.set_request_id(order_.request_id);
    request.set_priority(order_.priority);
    ASSIGN_OR_RETURN(v1::Job job, gateway_->Call(&JobCalls::CreateImageSetJob, request));
    TellCreated(job, request.request_id(), /*comparison=*/false, console_);
    return job;
  }

  absl::Status Stopped(const v1::Job& job) const {
    return absl::CancelledError(
        absl::StrCat(StoppedWatching({job.name()}).message(), "; ", CountText(kept_, "picture"),
                     " so far in ", order_.out.string(),
                     ", the others come with imprint image-sets "
                     "export ",
                     ShortName(job.image_set().image_set()), " --out FOLDER"));
  }

  // Also of a job that failed or was cancelled: what it has drawn is there to stay.
  absl::Status Conclude(const v1::Job& job) {
    ASSIGN_OR_RETURN(const v1::ImageSet set, GetImageSet(*gateway_, job.image_set().image_set()));
    ASSIGN_OR_RETURN(const nlohmann::json result,
                     CompleteSetFolder(set, parts_.model, parts_.embeddings, *layout_, *folder_,
                                       *gateway_, console_));
    console_.Event("result", result);
    return absl::OkStatus();
  }

  const SetOrder& order_;
  CommandContext& context_;
  Console& console_;
  std::shared_ptr<const sets::Expansion> plan_;
  std::optional<PlanLayout> layout_;
  std::optional<PictureFolder> folder_;
  std::unique_ptr<Gateway> gateway_;
  SetParts parts_;
  int64_t kept_ = 0;
};

}  // namespace

absl::Status DrawSet(const SetOrder& order, CommandContext& context) {
  return SetDrawing(order, context).Run();
}

}  // namespace imprint::cli
