#include "cli/imprint/commands/teaching.h"

#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/imprint/client/base_models.h"
#include "cli/imprint/client/job_follower.h"
#include "cli/imprint/client/job_progress.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/client/transfers.h"
#include "cli/imprint/commands/saved_embedding.h"
#include "cli/imprint/commands/training_report.h"
#include "cli/pictures/picture_list.h"
#include "cli/pictures/teaching_options.h"
#include "cli/program/option_error.h"

#include "base/atomic_file.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

// One run of the command.
class Teaching {
 public:
  Teaching(const TeachOrder& order, CommandContext& context)
      : order_(order), context_(context), console_(context.console), spec_(order.spec) {}

  absl::Status Run() {
    ASSIGN_OR_RETURN(const PictureList pictures, ListPictures(order_.folder));
    if (!order_.out.empty()) {
      ASSIGN_OR_RETURN(const fs::path file,
                       EmbeddingFile(order_.out, order_.layout, spec_.token()));
      RETURN_IF_ERROR(PrepareFile(file, order_.overwrite));
    }
    if (const auto advice = AdviceOnToken(spec_.token())) console_.Warn(*advice);
    ASSIGN_OR_RETURN(gateway_, Connect(context_));
    RETURN_IF_ERROR(ChooseBaseModel());
    RETURN_IF_ERROR(SendPictures(pictures));
    ASSIGN_OR_RETURN(const v1::Job job, CreateJob());
    if (!order_.wait) return absl::OkStatus();
    RETURN_IF_ERROR(Follow(job));
    return Conclude();
  }

 private:
  absl::Status ChooseBaseModel() {
    ASSIGN_OR_RETURN(const auto models, ListModels(*gateway_));
    ASSIGN_OR_RETURN(const v1::BaseModel model, ChooseModel(models, order_.model));
    spec_.set_base_model(model.name());
    console_.Line("model", absl::StrCat(model.name(), " (", model.fingerprint().substr(0, 12),
                                        ") at ", gateway_->address()));
    return absl::OkStatus();
  }

  absl::Status SendPictures(const PictureList& pictures) {
    ASSIGN_OR_RETURN(const v1::Rights rights, StateRights(order_.rights, context_.ask));
    ASSIGN_OR_RETURN(const v1::ReferenceSet references,
                     UploadReferences(*gateway_, {.pictures = pictures.paths,
                                                  .title = spec_.token(),
                                                  .rights = rights,
                                                  .request_id = order_.request_id}));
    spec_.set_reference_set(references.name());
    console_.Line(
        "pictures",
        absl::StrCat(references.pictures_size(), " as ", references.name(),
                     pictures.skipped.empty()
                         ? ""
                         : absl::StrCat("; skipped ", absl::StrJoin(pictures.skipped, ", "))));
    console_.Event("references", {{"name", references.name()},
                                  {"pictures", references.pictures_size()},
                                  {"skipped", pictures.skipped}});
    for (const std::string& warning : references.warnings()) console_.Warn(warning);
    return absl::OkStatus();
  }

  absl::StatusOr<v1::Job> CreateJob() {
    v1::CreateTrainingJobRequest request;
    *request.mutable_spec() = spec_;
    request.set_request_id(order_.request_id);
    request.set_priority(order_.priority);
    ASSIGN_OR_RETURN(const v1::Job job, gateway_->Call(&JobCalls::CreateTrainingJob, request));
    const v1::TrainingRecipe& recipe = job.training().recipe();
    console_.Line("concept",
                  absl::StrCat(job.training().token(), " from \"", job.training().class_word(),
                               "\", ", job.training().concept_name()));
    console_.Line(
        "recipe",
        absl::StrCat(recipe.steps(), " steps of ", recipe.batch() * recipe.accumulation(),
                     " samples, learning rate ", recipe.learning_rate(), ", seed ", recipe.seed()));
    console_.Line("job", job.name());
    console_.Event("job", {{"name", job.name()},
                           {"state", StateText(job.state())},
                           {"request_id", order_.request_id},
                           {"warnings", ToJson(job.warnings())}});
    TellWarnings(job, console_);
    return job;
  }

  absl::Status Follow(const v1::Job& job) {
    TellWhatItWaitsFor(*gateway_, console_, job);
    const auto followed = FollowWithProgress(*gateway_, console_, context_.terminal, job);
    if (!followed.ok()) return followed.status();
    job_ = *followed;
    return Outcome(job_);
  }

  absl::Status Conclude() {
    v1::GetEmbeddingRequest request;
    request.set_name(job_.result());
    ASSIGN_OR_RETURN(const v1::Embedding embedding,
                     gateway_->Call(&RegistryCalls::GetEmbedding, request));
    const v1::EmbeddingScores& scores = embedding.scores();
    console_.Line("learned", absl::StrFormat("%s in %d steps; loss %.4f, length %.2f, was %.2f",
                                             embedding.token(), scores.steps(), scores.final_loss(),
                                             scores.norm(), scores.first_norm()));
    if (embedding.has_report()) console_.Line("computed", ReportText(embedding.report()));
    console_.Line("embedding", embedding.name());
    nlohmann::json result = {{"embedding", embedding.name()},
                             {"job", job_.name()},
                             {"sha256", embedding.sha256()},
                             {"details", ToJson(embedding)}};
    if (!order_.out.empty()) {
      ASSIGN_OR_RETURN(const fs::path file,
                       EmbeddingFile(order_.out, order_.layout, embedding.token()));
      ASSIGN_OR_RETURN(std::string content, DownloadEmbedding(*gateway_, embedding.name()));
      ASSIGN_OR_RETURN(content, InLayout(content, embedding.name(), order_.layout));
      RETURN_IF_ERROR(WriteFileAtomically(file, content));
      console_.Line("file", file.string());
      TellWord(file, order_.layout, console_);
      result["file"] = file.string();
    }
    console_.Event("result", result);
    return absl::OkStatus();
  }

  const TeachOrder& order_;
  CommandContext& context_;
  Console& console_;
  v1::TrainingSpec spec_;
  std::unique_ptr<Gateway> gateway_;
  v1::Job job_;
};

}  // namespace

absl::Status Teach(const TeachOrder& order, CommandContext& context) {
  return Teaching(order, context).Run();
}

absl::Status PrepareFile(const fs::path& file, bool overwrite) {
  std::error_code ignored;
  if (!overwrite && fs::exists(file, ignored)) {
    return absl::AlreadyExistsError(
        absl::StrCat("out: ", file.string(), " exists; choose another place, or add --overwrite"));
  }
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  return ForOption("out", EnsureWritableFolder(folder));
}

}  // namespace imprint::cli
