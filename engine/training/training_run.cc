#include "engine/training/training_run.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "engine/collective/collective.h"
#include "engine/company/company_watch.h"
#include "engine/model/model_parts.h"
#include "engine/torch/memory_budget.h"
#include "engine/torch/send_to_device.h"
#include "engine/torch/torch_errors.h"
#include "engine/training/adamw.h"
#include "engine/training/batch_gradients.h"
#include "engine/training/initial_rows.h"
#include "engine/training/input_check.h"
#include "engine/training/latent_dataset.h"
#include "engine/training/norm_control.h"
#include "engine/training/objective.h"
#include "engine/training/rank_share.h"
#include "engine/training/sample_draw.h"
#include "engine/training/step_results.h"

namespace imprint::engine {
namespace {

constexpr size_t kSmoothedSteps = 20;
// That a GPU may be asked to compute before it is asked for a number.
constexpr int64_t kStepsAhead = 10;

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
           std::vector<TokenizedPrompt> captions, std::function<void()> on_work,
           const TrainingContext& context)
      : on_work_(on_work ? std::move(on_work) : [] {}),
        gang_(*context.gang),
        model_(model.parts()),
        model_precision_(model.info().compute.precision),
        damage_(model.info().damage),
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
        gradients_(model_, space_.samples_per_step,
                   KeepingWith(context.compute.gradient_checkpointing), context.record),
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
    results_ = StepResults(checkpoint.losses, checkpoint.step);
    return absl::OkStatus();
  }

  // All ranks begin where rank 0 stands, if they are about to train the same.
  absl::Status BeginTogether() {
    begun_ = {.step = state_.step, .at = Clock::now()};
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
    results_ = StepResults(results_.losses(), state_.step);
    begun_ = {.step = state_.step, .at = Clock::now(), .collective = gang_.use()};
    return absl::OkStatus();
  }

  bool Done() const { return state_.step >= recipe_.steps; }

  int64_t step() const { return state_.step; }

  // One update from all of the step's samples: every rank computes its share of them, in batches
  // that fit, and then all add up. `stop` is what this rank was told; the ranks agree about it with
  // the same operation. Does not wait for a GPU: what the step came to is read later.
  absl::Status Step(bool stop) {
    at::Tensor loss = Number(0);
    at::Tensor gradient = at::zeros_like(state_.rows);
    const SampleRange share = ShareOf(space_.samples_per_step, gang_.rank(), gang_.size());
    for (int64_t first = share.first; first < share.end; first += recipe_.batch) {
      const int64_t count = std::min<int64_t>(recipe_.batch, share.end - first);
      const LossAndGradient part =
          gradients_.Compute(DrawBatch(state_.step, first, count), state_.rows);
      loss += part.loss;
      gradient += part.gradient;
      on_work_();
    }
    at::Tensor told = Number(stop ? 1 : 0);
    RETURN_IF_ERROR(SumOverRanks(told, loss, gradient));
    AdamWStep(recipe_, recipe_.learning_rate * LearningRateFactor(recipe_, state_.step), gradient,
              state_);
    LimitNorms(limits_, state_.rows);
    if (state_.step > FirstAveragedStep(recipe_)) row_sum_ += state_.rows;
    results_.Note(loss, told, state_.rows.isfinite().all().to(at::kDouble));
    return absl::OkStatus();
  }

  // Waits for the steps that were begun. FAILED_PRECONDITION if one came to no number.
  absl::Status Read() {
    absl::Status read = results_.Read(recipe_.learning_rate);
    if (read.ok() || damage_.empty()) return read;
    return absl::FailedPreconditionError(damage_);
  }

  // Whether a rank was told to stop, as far as it was read.
  bool told_to_stop() const { return results_.told_to_stop(); }

  TrainingProgress Progress() const {
    const std::vector<float>& losses = results_.losses();
    const size_t recent = std::min(losses.size(), kSmoothedSteps);
    const double sum =
        std::accumulate(losses.end() - static_cast<int64_t>(recent), losses.end(), 0.0);
    return {.step = state_.step,
            .steps = recipe_.steps,
            .first_step = begun_.step,
            .loss = losses.back(),
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
            .losses = results_.losses(),
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
            .graphs = gradients_.recorded(),
            .steps = state_.step - begun_.step,
            .seconds = std::chrono::duration<double>(Clock::now() - begun_.at).count(),
            .collective = gang_.use() - begun_.collective};
  }

 private:
  using Clock = std::chrono::steady_clock;
  // Where the first step of this process began.
  struct Beginning {
    int64_t step = 0;
    Clock::time_point at = {};
    CollectiveUse collective = {};
  };

  // Adds up loss and gradient, and hears whether any rank was told to stop, in one operation.
  absl::Status SumOverRanks(at::Tensor& told, at::Tensor& loss, at::Tensor& gradient) {
    if (gang_.size() == 1) return absl::OkStatus();
    at::Tensor all = at::cat({gradient.flatten(), at::stack({loss, told}).to(at::kFloat)});
    RETURN_IF_ERROR(gang_.Sum(all));
    gradient = all.slice(0, 0, gradient.numel()).view_as(gradient);
    loss = all[-2].to(at::kDouble);
    told = all[-1].to(at::kDouble);
    return absl::OkStatus();
  }

  // In fp64, on the device.
  at::Tensor Number(double value) const {
    return at::full({}, value, at::device(model_.device).dtype(at::kDouble));
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

  TrainingBatch DrawBatch(int64_t step, int64_t first, int64_t count) const {
    std::vector<LatentDataset::Choice> choices;
    std::vector<at::Tensor> latent_noise;
    std::vector<at::Tensor> noise;
    std::vector<int64_t> timesteps;
    std::vector<TokenizedPrompt> captions;
    for (int64_t sample = first; sample < first + count; ++sample) {
      const SampleDraw draw = DrawSample(space_, step, sample, dataset_.latent_shape());
      choices.push_back({draw.picture, draw.flipped});
      latent_noise.push_back(draw.latent_noise);
      noise.push_back(draw.noise);
      timesteps.push_back(draw.timestep);
      captions.push_back(captions_[static_cast<size_t>(draw.caption)]);
    }
    const at::Device device = model_.device;
    return {.latents = dataset_.Sample(choices, SendTo(device, at::stack(latent_noise))),
            .noise = SendTo(device, at::stack(noise)),
            .timesteps = SendTo(device, at::tensor(timesteps)),
            .captions = TensorsOf(captions).To(device)};
  }

  const std::function<void()> on_work_;
  Collective& gang_;
  const ModelParts& model_;
  const Precision model_precision_;
  const std::string damage_;
  TrainingRecipe recipe_;
  std::map<std::string, std::string> run_;
  std::vector<TokenizedPrompt> captions_;
  LatentDataset dataset_;
  DrawSpace space_;
  BatchGradients gradients_;
  at::Tensor limits_;
  double first_norm_;
  AdamWState state_;
  // Of the steps that count towards the embedding, [n, d].
  at::Tensor row_sum_;
  StepResults results_;
  Beginning begun_;
};

// A GPU that is asked for a number waits for it, and begins no step meanwhile.
int64_t StepsBetweenReadings(const BaseModel& model, const TrainingContext& context) {
  if (context.read_every > 0) return context.read_every;
  return model.parts().device.is_cpu() ? 1 : kStepsAhead;
}

absl::Status RunSteps(Training& training, const TrainingHooks& hooks,
                      const TrainingContext& context, int64_t read_every) {
  while (!training.Done()) {
    const bool stop = hooks.stop.stop_requested();
    // Who is alone need not go on until others have heard of it.
    if (stop && context.gang->size() == 1) return training.Read();
    RETURN_IF_ERROR(training.Step(stop));
    const auto due = [&](int64_t every) { return every > 0 && training.step() % every == 0; };
    const bool look = due(read_every) || training.Done();
    const bool keep = due(hooks.checkpoint_every) && hooks.on_checkpoint && !training.Done();
    if (!look && !keep) continue;
    RETURN_IF_ERROR(training.Read());
    if (hooks.on_step) hooks.on_step(training.Progress());
    if (keep) RETURN_IF_ERROR(hooks.on_checkpoint(training.Checkpoint()));
    // At steps at which all ranks look: who leaves alone would leave the others waiting.
    if (look && training.told_to_stop()) return absl::OkStatus();
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
                                      const TrainingHooks& hooks, TrainingContext context) {
  RETURN_IF_ERROR(CheckInput(model, input));
  LocalCollective alone;
  if (context.gang == nullptr) context.gang = &alone;
  RETURN_IF_ERROR(CheckRanks(input.recipe, context.gang->size()));
  ASSIGN_OR_RETURN(std::vector<TokenizedPrompt> captions, TokenizeCaptions(model, input));
  const CompanyWatch company(model.parts().device);
  const MemoryBudget budget(MemoryBudget::OfTraining());
  return CatchTorchErrors([&]() -> absl::StatusOr<TrainingOutcome> {
    ASSIGN_OR_RETURN(const at::Tensor first_rows,
                     InitialRows(model, input.class_word, input.recipe.vectors));
    Training training(model, input, first_rows, std::move(captions), hooks.on_work, context);
    if (from) RETURN_IF_ERROR(training.Restore(*from));
    RETURN_IF_ERROR(training.BeginTogether());
    RETURN_IF_ERROR(RunSteps(training, hooks, context, StepsBetweenReadings(model, context)));
    return training.Outcome(input.token);
  });
}

}  // namespace imprint::engine
