#include "cli/imprint/commands/drawing.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/imprint/client/base_models.h"
#include "cli/imprint/client/image_sets.h"
#include "cli/imprint/client/job_follower.h"
#include "cli/imprint/client/prompt_embeddings.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/drawing_plan.h"
#include "cli/imprint/commands/drawn_job.h"
#include "cli/imprint/commands/picture_folder.h"
#include "cli/pictures/drawing_options.h"
#include "cli/pictures/prompt_tokens.h"
#include "cli/program/table.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

// One run of the command.
class Drawing {
 public:
  Drawing(const DrawOrder& order, CommandContext& context)
      : order_(order), context_(context), console_(context.console) {}

  absl::Status Run() {
    const v1::ImageSetSpec& spec = order_.spec;
    RETURN_IF_ERROR(CheckPictureCount(static_cast<size_t>(spec.prompts_size()),
                                      static_cast<size_t>(spec.seeds_size())));
    if (order_.wait) {
      ASSIGN_OR_RETURN(folder_, PictureFolder::Make(order_.out, order_.overwrite));
    }
    ASSIGN_OR_RETURN(gateway_, Connect(context_));
    ASSIGN_OR_RETURN(const auto models, ListModels(*gateway_));
    ASSIGN_OR_RETURN(model_, ChooseModel(models, order_.model));
    const PromptTexts texts = TextsOf(spec);
    ASSIGN_OR_RETURN(const auto given, ResolveEmbeddings(*gateway_, order_.embeddings, texts));
    Announce(given, texts);
    const std::vector<uint64_t> seeds(spec.seeds().begin(), spec.seeds().end());
    sets_ = PlanSets(texts.prompts, seeds, ComparedWords());
    for (const PlannedSet& set : sets_) {
      ASSIGN_OR_RETURN(jobs_.emplace_back(), CreateJob(set));
    }
    if (!order_.wait) return absl::OkStatus();
    for (size_t i = 0; i < sets_.size(); ++i) RETURN_IF_ERROR(Follow(i));
    return Conclude();
  }

 private:
  static PromptTexts TextsOf(const v1::ImageSetSpec& spec) {
    return {.prompts = {spec.prompts().begin(), spec.prompts().end()},
            .negative = spec.negative_prompt(),
            .style = spec.prompt_style() == v1::PROMPT_STYLE_LITERAL ? PromptStyle::kLiteral
                                                                     : PromptStyle::kEmphasis};
  }

  // Takes of the embeddings that were given those that the prompts use.
  void Announce(const std::vector<v1::Embedding>& given, const PromptTexts& texts) {
    console_.Line("model", absl::StrCat(model_.name(), " (", model_.fingerprint().substr(0, 12),
                                        ") at ", gateway_->address()));
    std::set<std::string> tokens;
    for (const v1::Embedding& embedding : given) tokens.insert(embedding.token());
    const PromptWords words = WordsIn(texts, tokens);
    for (const v1::Embedding& embedding : given) {
      if (words.tokens.count(embedding.token()) == 0) continue;
      embeddings_.push_back(embedding);
      console_.Line("concept", absl::StrCat(embedding.token(), " is ", embedding.name()));
    }
    // What else is to be said of the prompts, the gateway says.
    for (const std::string& warning : WarningsOfUnused(words, tokens)) console_.Warn(warning);
  }

  // Tokens with the class words that they are compared with; none unless that was asked for.
  std::map<std::string, std::string> ComparedWords() const {
    std::map<std::string, std::string> words;
    for (const v1::Embedding& embedding : embeddings_) {
      if (order_.compare) words[embedding.token()] = embedding.class_word();
    }
    return words;
  }

  absl::StatusOr<v1::Job> CreateJob(const PlannedSet& set) {
    v1::CreateImageSetJobRequest request;
    v1::ImageSetSpec& spec = *request.mutable_spec();
    spec = order_.spec;
    spec.set_base_model(model_.name());
    spec.mutable_prompts()->Assign(set.prompts.begin(), set.prompts.end());
    spec.mutable_seeds()->Assign(set.seeds.begin(), set.seeds.end());
    if (!set.comparison) {
      for (const v1::Embedding& embedding : embeddings_) spec.add_embeddings(embedding.name());
    } else {
      // A token whose embedding says no class word is still there.
      spec.set_angle_brackets_are_text(true);
    }
    request.set_request_id(absl::StrCat(order_.request_id, set.comparison ? "-comparison" : ""));
    request.set_priority(order_.priority);
    ASSIGN_OR_RETURN(v1::Job job, gateway_->Call(&JobCalls::CreateImageSetJob, request));
    TellCreated(job, request.request_id(), set.comparison, console_);
    return job;
  }

  absl::Status Follow(size_t which) {
    auto followed = FollowIntoFolder(jobs_[which], PlacesIn(sets_[which]), *folder_, *gateway_,
                                     context_, kept_);
    if (absl::IsCancelled(followed.status())) return Stopped(which);
    if (!followed.ok()) return followed.status();
    jobs_[which] = *std::move(followed);
    return absl::OkStatus();
  }

  // While that job was watched: those before it have ended, and their pictures are here.
  absl::Status Stopped(size_t watched) const {
    std::vector<std::string> live;
    std::vector<std::string> later;
    for (size_t i = watched; i < jobs_.size(); ++i) {
      const v1::Job& job = jobs_[i];
      live.push_back(job.name());
      later.push_back(absl::StrCat("imprint image-sets export ",
                                   ShortName(job.image_set().image_set()), " --out FOLDER"));
    }
    return absl::CancelledError(absl::StrCat(
        StoppedWatching(live).message(), "; ", CountText(kept_, "picture"), " so far in ",
        order_.out.string(), ", the others come with ", absl::StrJoin(later, " and ")));
  }

  absl::Status Conclude() {
    PictureFolder::Counts all;
    for (size_t i = 0; i < sets_.size(); ++i) {
      ASSIGN_OR_RETURN(const v1::ImageSet set, GetImageSet(*gateway_, jobs_[i].result()));
      ASSIGN_OR_RETURN(const auto counts,
                       folder_->Complete(*gateway_, set, PlacesIn(sets_[i]), sets_[i].comparison));
      all.pictures += counts.pictures;
      all.blocked += counts.blocked;
    }
    RETURN_IF_ERROR(folder_->WriteManifest(model_, embeddings_));
    console_.Line("drawn", absl::StrCat(CountText(all.pictures - all.blocked, "picture"), " in ",
                                        order_.out.string(), ", ", jobs_.front().result()));
    WarnOfBlocked(all, console_);
    nlohmann::json result = {{"pictures", all.pictures - all.blocked},
                             {"blocked", all.blocked},
                             {"image_set", jobs_.front().result()},
                             {"manifest", folder_->manifest().string()}};
    if (order_.sheet) {
      RETURN_IF_ERROR(WriteSheet());
      console_.Line("sheet", folder_->sheet().string());
      result["sheet"] = folder_->sheet().string();
    }
    console_.Line("manifest", folder_->manifest().string());
    console_.Event("result", result);
    return absl::OkStatus();
  }

  absl::Status WriteSheet() const {
    std::set<std::string> words;
    for (const v1::Embedding& embedding : embeddings_) words.insert(Quoted(embedding.class_word()));
    return folder_->WriteSheet(
        {.title = order_.title.empty() ? JoinTokens(embeddings_) : order_.title,
         .subtitle = DescribeDrawing(jobs_.front().image_set()),
         .compared_with = absl::StrJoin(words, ", "),
         .references = order_.references});
  }

  const DrawOrder& order_;
  CommandContext& context_;
  Console& console_;
  std::optional<PictureFolder> folder_;
  std::unique_ptr<Gateway> gateway_;
  v1::BaseModel model_;
  // Those that the prompts use.
  std::vector<v1::Embedding> embeddings_;
  // The set that is wanted first; jobs in the same order.
  std::vector<PlannedSet> sets_;
  std::vector<v1::Job> jobs_;
  int64_t kept_ = 0;
};

}  // namespace

absl::Status Draw(const DrawOrder& order, CommandContext& context) {
  return Drawing(order, context).Run();
}

std::string DescribeDrawing(const v1::ImageSetSpec& spec) {
  return absl::StrCat(spec.solver().empty() ? "ddim" : spec.solver(), ", ", spec.steps(),
                      " steps, guidance ", spec.guidance(), ", ", spec.width(), "×", spec.height());
}

void WarnOfBlocked(const PictureFolder::Counts& counts, Console& console) {
  if (counts.blocked == 0) return;
  console.Warn(absl::StrCat("the safety checker blocked ", counts.blocked, " of ", counts.pictures,
                            "; they were not written. Another seed or prompt may help"));
}

std::string JoinTokens(const std::vector<v1::Embedding>& embeddings) {
  if (embeddings.empty()) return "Drawn with the base model";
  return absl::StrJoin(embeddings, ", ", [](std::string* joined, const v1::Embedding& embedding) {
    joined->append(embedding.token());
  });
}

}  // namespace imprint::cli
