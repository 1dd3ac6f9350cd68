#include "cli/imprint/commands/set_drawing.h"

#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/imprint/client/base_models.h"
#include "cli/imprint/client/job_follower.h"
#include "cli/imprint/client/prompt_embeddings.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/drawing.h"
#include "cli/imprint/commands/drawn_job.h"
#include "cli/imprint/commands/picture_folder.h"
#include "cli/imprint/commands/plan_layout.h"
#include "cli/pictures/drawing_options.h"
#include "cli/program/table.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_file.h"
#include "sets/coverage.h"
#include "sets/plan_file.h"
#include "sets/prompt_check.h"

namespace imprint::cli {
namespace {

// The prompts, each once, and what is kept out.
PromptTexts TextsOf(const sets::Expansion& plan) {
  PromptTexts texts;
  std::set<std::string> negative;
  plan.ForEachCombination(plan.AxesOfPrompts(), [&](const auto& cell, int64_t) {
    PictureRequest request = plan.RequestOf(cell);
    texts.prompts.push_back(std::move(request.prompt));
    negative.insert(std::move(request.negative_prompt));
    return true;
  });
  texts.negative = absl::StrJoin(negative, " ");
  return texts;
}

absl::StatusOr<std::shared_ptr<const sets::Expansion>> ReadExpansion(const std::string& text,
                                                                     const std::string& origin) {
  ASSIGN_OR_RETURN(sets::Plan read, sets::ParsePlan(text, origin));
  ASSIGN_OR_RETURN(sets::Expansion made,
                   sets::Expansion::Make(std::make_shared<const sets::Plan>(std::move(read))));
  RETURN_IF_ERROR(sets::CheckPrompts(made));
  RETURN_IF_ERROR(sets::CheckQuotas(made.plan(), sets::CoverageOf(made)));
  return std::make_shared<const sets::Expansion>(std::move(made));
}

// One run of the command.
class SetDrawing {
 public:
  SetDrawing(const SetOrder& order, CommandContext& context)
      : order_(order), context_(context), console_(context.console) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(const std::string text, ReadTextFile(order_.plan, sets::kMaxPlanBytes));
    ASSIGN_OR_RETURN(plan_, ReadExpansion(text, order_.plan.string()));
    ASSIGN_OR_RETURN(layout_, PlanLayout::Make(plan_, order_.columns));
    if (order_.wait) {
      if (plan_->size() > static_cast<int64_t>(kMaxDrawnPictures)) {
        return FieldError(order_.plan.string(), absl::StrCat(plan_->size(), " pictures"),
                          absl::StrCat("at most ", kMaxDrawnPictures,
                                       " in one folder; --no-wait queues more"));
      }
      ASSIGN_OR_RETURN(folder_, PictureFolder::Make(order_.out, order_.overwrite));
    }
    ASSIGN_OR_RETURN(gateway_, Connect(context_));
    ASSIGN_OR_RETURN(const v1::Job created, CreateJob(text));
    if (!order_.wait) return absl::OkStatus();
    const auto job = FollowIntoFolder(created, place_of(), *folder_, *gateway_, context_, kept_);
    if (absl::IsCancelled(job.status())) return Stopped(created);
    if (!job.ok()) return job.status();
    return Conclude(*job);
  }

 private:
  PlaceOf place_of() const {
    return [this](const v1::ItemRequest& item) { return layout_->Of(item); };
  }

  absl::StatusOr<v1::Job> CreateJob(const std::string& text) {
    const sets::Plan& plan = plan_->plan();
    ASSIGN_OR_RETURN(const auto models, ListModels(*gateway_));
    ASSIGN_OR_RETURN(model_,
                     ChooseModel(models, order_.model.empty() ? plan.base_model : order_.model));
    console_.Line("model", absl::StrCat(model_.name(), " (", model_.fingerprint().substr(0, 12),
                                        ") at ", gateway_->address()));
    ASSIGN_OR_RETURN(
        embeddings_,
        ResolveEmbeddings(*gateway_, order_.embeddings.empty() ? plan.embeddings : order_.embeddings,
                          TextsOf(*plan_)));
    v1::CreateImageSetJobRequest request;
    v1::ImageSetSpec& spec = *request.mutable_spec();
    spec = order_.spec;
    spec.set_plan(text);
    spec.set_base_model(model_.name());
    for (const v1::Embedding& embedding : embeddings_) {
      console_.Line("concept", absl::StrCat(embedding.token(), " is ", embedding.name()));
      spec.add_embeddings(embedding.name());
    }
    request.set_request_id(order_.request_id);
    request.set_priority(order_.priority);
    ASSIGN_OR_RETURN(v1::Job job, gateway_->Call(&JobCalls::CreateImageSetJob, request));
    TellCreated(job, request.request_id(), /*comparison=*/false, console_);
    return job;
  }

  absl::Status Stopped(const v1::Job& job) const {
    return absl::CancelledError(
        absl::StrCat(StoppedWatching({job.name()}).message(), "; ", CountText(kept_, "picture"),
                     " so far in ", order_.out.string(), ", the others come with imprint image-sets "
                     "export ", ShortName(job.image_set().image_set()), " --out FOLDER"));
  }

  absl::Status Conclude(const v1::Job& job) {
    v1::GetImageSetRequest request;
    request.set_name(job.result());
    ASSIGN_OR_RETURN(const v1::ImageSet set, gateway_->Call(&RegistryCalls::GetImageSet, request));
    ASSIGN_OR_RETURN(const auto counts, folder_->Complete(*gateway_, set, place_of()));
    RETURN_IF_ERROR(folder_->WriteManifest(model_, embeddings_));
    RETURN_IF_ERROR(folder_->WriteSheet(
        {.title = set.title().empty() ? JoinTokens(embeddings_) : set.title(),
         .subtitle = DescribeDrawing(set.spec())}));
    console_.Line("drawn", absl::StrCat(CountText(counts.pictures - counts.blocked, "picture"),
                                        " in ", order_.out.string(), ", ", set.name()));
    WarnOfBlocked(counts, console_);
    console_.Line("sheet", folder_->sheet().string());
    console_.Line("manifest", folder_->manifest().string());
    console_.Event("result", {{"pictures", counts.pictures - counts.blocked},
                              {"blocked", counts.blocked},
                              {"image_set", set.name()},
                              {"manifest", folder_->manifest().string()},
                              {"sheet", folder_->sheet().string()}});
    return absl::OkStatus();
  }

  const SetOrder& order_;
  CommandContext& context_;
  Console& console_;
  std::shared_ptr<const sets::Expansion> plan_;
  std::optional<PlanLayout> layout_;
  std::optional<PictureFolder> folder_;
  std::unique_ptr<Gateway> gateway_;
  v1::BaseModel model_;
  std::vector<v1::Embedding> embeddings_;
  int64_t kept_ = 0;
};

}  // namespace

absl::Status DrawSet(const SetOrder& order, CommandContext& context) {
  return SetDrawing(order, context).Run();
}

}  // namespace imprint::cli
