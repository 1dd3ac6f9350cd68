#include "engine/training/training_run.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "engine/collective/collective.h"
#include "engine/model/model_parts.h"
#include "engine/runtime/torch_errors.h"
#include "engine/training/adamw.h"
#include "engine/training/initial_rows.h"
#include "engine/training/latent_dataset.h"
#include "engine/training/memory_advice.h"
#include "engine/training/norm_control.h"
#include "engine/training/objective.h"
#include "engine/training/rank_share.h"
#include "engine/training/sample_draw.h"
#include "text/training_templates.h"
#include "text/unicode_text.h"

namespace imprint {
namespace {

constexpr size_t kSmoothedSteps = 20;

absl::Status CheckPictures(const BaseModelInfo& model, const std::vector<RgbImage>& pictures) {
  if (pictures.empty()) return FieldError("pictures", "none", "at least one, better 3 to 5");
  for (size_t i = 0; i < pictures.size(); ++i) {
    const RgbImage& picture = pictures[i];
    if (picture.width != pictures[0].width || picture.height != pictures[0].height ||
        picture.width <= 0 || picture.width % model.size_multiple != 0 || picture.height <= 0 ||
        picture.height % model.size_multiple != 0) {
      return FieldError(
          absl::StrCat("pictures: ", i + 1), absl::StrCat(picture.width, "×", picture.height),
          absl::StrCat("all of one size whose sides are multiples of ", model.size_multiple));
    }
  }
  return absl::OkStatus();
}

// Everything that decides the result, for checkpoints and for the embedding's own record.
std::map<std::string, std::string> DescribeRun(const BaseModel& model, const TrainingInput& input) {
  Sha256 pictures;
  for (const RgbImage& picture : input.pictures) {
    pictures.Update(absl::StrCat(picture.width, "x", picture.height, "\n"));
    pictures.Update(std::as_bytes(std::span(picture.pixels)));
  }
  std::map<std::string, std::string> run = {
      {"base_model", model.info().fingerprint},
      {"text_encoder", model.info().text_encoder_identity},
      {"token", input.token},
      {"class_word", input.class_word},
      {"pictures", pictures.HexDigest()},
      {"templates", Sha256Hex(absl::StrJoin(input.templates, "\n"))},
  };
  const nlohmann::json recipe = ToJson(input.recipe);
  for (const auto& [field, value] : recipe.items()) {
    run[absl::StrCat("recipe.", field)] = value.dump();
  }
  return run;
}

std::vector<float> Floats(const at::Tensor& tensor) {
  const at::Tensor contiguous = tensor.cpu().contiguous();
  const auto* values = contiguous.const_data_ptr<float>();
  return {values, values + contiguous.numel()};
}

double MeanNorm(const at::Tensor& rows) { return rows.norm(2, {-1}).mean().item<double>(); }

// The training itself. Its methods throw LibTorch's errors.
class Training {
 public:
  // `on_work` is called after every piece of work.
  Training(const BaseModel& model, const TrainingInput& input, const at::Tensor& first_rows,
           std::vector<TokenizedPrompt> captions, std::function<void()> on_work, Collective& gang)
      : on_work_(on_work ? std::move(on_work) : [] {}),
        gang_(gang),
        model_(model.parts()),
        model_precision_(model.info().compute.precision),
        recipe_(input.recipe),
        run_(DescribeRun(model, input)),
        captions_(std::move(captions)),
        dataset_(model_, input.pictures, input.recipe.flip, on_work_),
        space_{.seed = recipe_.seed,
               .samples_per_step = static_cast<int64_t>(recipe_.batch) * recipe_.accumulation,
               .pictures = dataset_.size(),
               .templates = static_cast<int64_t>(captions_.size()),
               .timesteps = model_.schedule.timesteps(),
               .flip = recipe_.flip},
        limits_(NormLimits(first_rows, recipe_.max_growth)),
        first_norm_(MeanNorm(first_rows)),
        state_(InitialState(first_rows)),
        row_sum_(at::zeros_like(first_rows)) {}

  absl::Status Restore(const TrainingCheckpoint& checkpoint) {
    RETURN_IF_ERROR(CheckSameRun(checkpoint, run_));
    const std::vector<int64_t> shape = {checkpoint.vectors, checkpoint.width};
    if (state_.rows.sizes() != at::IntArrayRef(shape)) {
      return FieldError("checkpoint: rows", absl::StrCat(shape[0], "×", shape[1]),
                        absl::StrJoin(state_.rows.sizes(), "×"));
    }
    const auto restore = [&](const std::vector<float>& values, at::Tensor& tensor) {
      tensor.copy_(at::tensor(values).view(shape));
    };
    restore(checkpoint.rows, state_.rows);
    restore(checkpoint.first_moment, state_.first_moment);
    restore(checkpoint.second_moment, state_.second_moment);
    restore(checkpoint.row_sum, row_sum_);
    state_.step = checkpoint.step;
    losses_ = checkpoint.losses;
    return absl::OkStatus();
  }

  // All ranks begin where rank 0 stands, if they are about to train the same.
  absl::Status BeginTogether() {
    if (gang_.size() == 1) return absl::OkStatus();
    // Some ranks encode their pictures sooner than others.
    RETURN_IF_ERROR(gang_.Barrier());
    RETURN_IF_ERROR(CheckSameEverywhere());
    at::Tensor step = at::tensor({state_.step}).to(model_.device);
    RETURN_IF_ERROR(gang_.Broadcast(step));
    state_.step = step.item<int64_t>();
    for (at::Tensor* tensor :
         {&state_.rows, &state_.first_moment, &state_.second_moment, &row_sum_}) {
      RETURN_IF_ERROR(gang_.Broadcast(*tensor));
    }
    return absl::OkStatus();
  }

  bool Done() const { return state_.step >= recipe_.steps; }

  // Whether a rank was told to stop.
  bool stopped() const { return stopped_; }

  // One update from all of the step's samples: every rank computes its share of them, in batches
  // that fit, and then all add up. `stop` is what this rank was told; the ranks agree about it with
  // the same operation, and this step is the last.
  absl::Status Step(bool stop) {
    double loss = 0;
    at::Tensor gradient = at::zeros_like(state_.rows);
    const SampleRange share = ShareOf(space_.samples_per_step, gang_.rank(), gang_.size());
    for (int64_t first = share.first; first < share.end; first += recipe_.batch) {
      const int64_t count = std::min<int64_t>(recipe_.batch, share.end - first);
      const LossAndGradient part = ComputeGradient(model_, DrawBatch(state_.step, first, count),
                                                   state_.rows, space_.samples_per_step);
      loss += part.loss;
      gradient += part.gradient;
      on_work_();
    }
    RETURN_IF_ERROR(SumOverRanks(stop, loss, gradient));
    if (!std::isfinite(loss)) {
      return Diverged("the loss", state_.step + 1);
    }
    AdamWStep(recipe_, recipe_.learning_rate * LearningRateFactor(recipe_, state_.step), gradient,
              state_);
    LimitNorms(limits_, state_.rows);
    if (!state_.rows.isfinite().all().item<bool>()) return Diverged("a vector", state_.step);
    if (state_.step > FirstAveragedStep(recipe_)) row_sum_ += state_.rows;
    losses_.push_back(static_cast<float>(loss));
    return absl::OkStatus();
  }

  TrainingProgress Progress() const {
    const size_t recent = std::min(losses_.size(), kSmoothedSteps);
    const double sum =
        std::accumulate(losses_.end() - static_cast<int64_t>(recent), losses_.end(), 0.0);
    return {.step = state_.step,
            .steps = recipe_.steps,
            .loss = losses_.back(),
            .smoothed_loss = sum / static_cast<double>(recent),
            .norm = MeanNorm(state_.rows),
            .collective = gang_.use()};
  }

  TrainingCheckpoint Checkpoint() const {
    return {.step = state_.step,
            .vectors = state_.rows.size(0),
            .width = state_.rows.size(1),
            .rows = Floats(state_.rows),
            .first_moment = Floats(state_.first_moment),
            .second_moment = Floats(state_.second_moment),
            .row_sum = Floats(row_sum_),
            .losses = losses_,
            .run = run_};
  }

  TrainingOutcome Outcome(const std::string& token) const {
    LearnedEmbedding embedding{.token = token,
                               .vectors = static_cast<int>(state_.rows.size(0)),
                               .width = static_cast<int>(state_.rows.size(1)),
                               .values = Floats(LearnedRows())};
    for (const auto& [key, value] : run_) {
      if (key != "token") embedding.provenance[absl::StrCat("imprint.", key)] = value;
    }
    embedding.provenance["imprint.step"] = absl::StrCat(state_.step);
    return {.finished = Done(),
            .embedding = std::move(embedding),
            .checkpoint = Checkpoint(),
            .first_norm = first_norm_,
            .norm = MeanNorm(LearnedRows()),
            .ranks = gang_.size(),
            .collective = gang_.use()};
  }

 private:
  // Adds up loss and gradient, and hears whether any rank was told to stop, in one operation.
  absl::Status SumOverRanks(bool stop, double& loss, at::Tensor& gradient) {
    if (gang_.size() == 1) return absl::OkStatus();
    const at::Tensor told = at::tensor({loss, stop ? 1.0 : 0.0}).to(gradient.options());
    at::Tensor all = at::cat({gradient.flatten(), told});
    RETURN_IF_ERROR(gang_.Sum(all));
    gradient = all.slice(0, 0, gradient.numel()).view_as(gradient);
    const at::Tensor heard = all.slice(0, gradient.numel()).cpu();
    loss = heard[0].item<double>();
    stopped_ = heard[1].item<double>() > 0;
    return absl::OkStatus();
  }

  // A gang that trains two things would learn neither.
  absl::Status CheckSameEverywhere() {
    Sha256 description;
    for (const auto& [key, value] : run_) description.Update(absl::StrCat(key, "=", value, "\n"));
    description.Update(absl::StrCat("precision=", Name(model_precision_)));
    const std::string mine = description.HexDigest();
    const std::vector<int32_t> digits(mine.begin(), mine.end());
    const at::Tensor own = at::tensor(digits).to(model_.device);
    at::Tensor first = own.clone();
    RETURN_IF_ERROR(gang_.Broadcast(first));
    if (first.equal(own)) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("gang: rank ", gang_.rank(),
                     " was given another training than rank 0: model, pictures, captions, "
                     "recipe and precision must be the same"));
  }

  // What has been learned so far: the mean over the last part of the run, or the vectors as they
  // are before it has begun.
  at::Tensor LearnedRows() const {
    const int64_t summed = state_.step - FirstAveragedStep(recipe_);
    return summed > 0 ? row_sum_ / static_cast<double>(summed) : state_.rows;
  }

  absl::Status Diverged(absl::string_view what, int64_t step) const {
    return absl::FailedPreconditionError(
        absl::StrCat(what, " is not a number at step ", step, "; learning_rate: got ",
                     recipe_.learning_rate, "; expected a smaller one"));
  }

  TrainingBatch DrawBatch(int64_t step, int64_t first, int64_t count) const {
    std::vector<at::Tensor> latents;
    std::vector<at::Tensor> noise;
    std::vector<int64_t> timesteps;
    TrainingBatch batch;
    for (int64_t sample = first; sample < first + count; ++sample) {
      const SampleDraw draw = DrawSample(space_, step, sample, dataset_.latent_shape());
      latents.push_back(dataset_.Sample(draw.picture, draw.flipped, draw.latent_noise));
      noise.push_back(draw.noise);
      timesteps.push_back(draw.timestep);
      batch.captions.push_back(captions_[static_cast<size_t>(draw.caption)]);
    }
    batch.latents = at::stack(latents);
    batch.noise = at::stack(noise).to(model_.device);
    batch.timesteps = at::tensor(timesteps).to(model_.device);
    return batch;
  }

  const std::function<void()> on_work_;
  Collective& gang_;
  const ModelParts& model_;
  const Precision model_precision_;
  TrainingRecipe recipe_;
  std::map<std::string, std::string> run_;
  std::vector<TokenizedPrompt> captions_;
  LatentDataset dataset_;
  DrawSpace space_;
  at::Tensor limits_;
  double first_norm_;
  AdamWState state_;
  bool stopped_ = false;
  // Of the steps that count towards the embedding, [n, d].
  at::Tensor row_sum_;
  std::vector<float> losses_;
};

absl::StatusOr<std::vector<TokenizedPrompt>> TokenizeCaptions(const BaseModel& model,
                                                              const TrainingInput& input) {
  ConceptVocabulary concepts;
  RETURN_IF_ERROR(concepts.Add(input.token, input.recipe.vectors, model.tokenizer()));
  if (input.templates.empty()) return FieldError("templates", "none", "at least one");
  std::vector<TokenizedPrompt> captions;
  for (const std::string& caption_template : input.templates) {
    if (!IsUtf8(caption_template)) {
      return FieldError("templates", "bytes that are no UTF-8", "text in UTF-8");
    }
    const std::string caption = FillTemplate(caption_template, input.token);
    captions.push_back(model.tokenizer().Encode(caption, concepts));
    if (captions.back().concept_places.size() != static_cast<size_t>(input.recipe.vectors)) {
      return FieldError("templates", Quoted(caption_template),
                        absl::StrCat("{} once, apart from other letters, within the first ",
                                     model.info().prompt_tokens - 2, " tokens"));
    }
  }
  return captions;
}

absl::Status CheckInput(const BaseModel& model, const TrainingInput& input) {
  RETURN_IF_ERROR(CheckRecipe(input.recipe));
  RETURN_IF_ERROR(CheckPictures(model.info(), input.pictures));
  for (const auto& [field, text] :
       {std::pair("class_word", absl::string_view(input.class_word)), {"token", input.token}}) {
    if (!IsUtf8(text)) return FieldError(field, "bytes that are no UTF-8", "text in UTF-8");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRanks(const TrainingRecipe& recipe, int ranks) {
  const int samples = recipe.batch * recipe.accumulation;
  if (ranks >= 1 && ranks <= samples) return absl::OkStatus();
  return FieldError("ranks", absl::StrCat(ranks),
                    absl::StrCat("1 to ", samples, ", the samples of a step"));
}

absl::Status CheckTraining(const BaseModel& model, const TrainingInput& input) {
  RETURN_IF_ERROR(CheckInput(model, input));
  RETURN_IF_ERROR(TokenizeCaptions(model, input).status());
  return CatchTorchErrors(
      [&] { return InitialRows(model, input.class_word, input.recipe.vectors).status(); });
}

absl::StatusOr<TrainingOutcome> Train(const BaseModel& model, const TrainingInput& input,
                                      const std::optional<TrainingCheckpoint>& from,
                                      const TrainingHooks& hooks, Collective* gang) {
  RETURN_IF_ERROR(CheckInput(model, input));
  LocalCollective alone;
  if (gang == nullptr) gang = &alone;
  RETURN_IF_ERROR(CheckRanks(input.recipe, gang->size()));
  ASSIGN_OR_RETURN(std::vector<TokenizedPrompt> captions, TokenizeCaptions(model, input));
  auto outcome = CatchTorchErrors([&]() -> absl::StatusOr<TrainingOutcome> {
    ASSIGN_OR_RETURN(const at::Tensor first_rows,
                     InitialRows(model, input.class_word, input.recipe.vectors));
    Training training(model, input, first_rows, std::move(captions), hooks.on_work, *gang);
    if (from) RETURN_IF_ERROR(training.Restore(*from));
    RETURN_IF_ERROR(training.BeginTogether());
    while (!training.Done() && !training.stopped()) {
      const bool stop = hooks.stop.stop_requested();
      // Who is alone need not finish another step for others to hear of it.
      if (stop && gang->size() == 1) break;
      RETURN_IF_ERROR(training.Step(stop));
      const TrainingProgress progress = training.Progress();
      if (hooks.on_step) hooks.on_step(progress);
      if (hooks.on_checkpoint && hooks.checkpoint_every > 0 &&
          progress.step % hooks.checkpoint_every == 0 && !training.Done()) {
        RETURN_IF_ERROR(hooks.on_checkpoint(training.Checkpoint()));
      }
    }
    return training.Outcome(input.token);
  });
  if (!outcome.ok()) return WithMemoryAdvice(outcome.status(), input.recipe);
  return outcome;
}

}  // namespace imprint
