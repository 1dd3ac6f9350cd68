#include "engine/training/training_session.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/monotonic_seconds.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "engine/torch/send_to_device.h"
#include "engine/training/initial_rows.h"
#include "engine/training/input_check.h"
#include "engine/training/norm_control.h"

namespace imprint::engine {
namespace {

constexpr size_t kSmoothedSteps = 20;
// That a GPU may be asked to compute before it is asked for a number.
constexpr int64_t kStepsAhead = 10;

// A GPU that is asked for a number waits for it, and begins no step meanwhile.
int64_t StepsBetweenReadings(const ModelParts& model, const TrainingContext& context) {
  if (context.read_every > 0) return context.read_every;
  return model.device.is_cpu() ? 1 : kStepsAhead;
}

TrainingHooks WithWork(TrainingHooks hooks) {
  if (!hooks.on_work) hooks.on_work = [] {};
  return hooks;
}

std::vector<float> Floats(const at::Tensor& tensor) {
  const at::Tensor contiguous = tensor.cpu().contiguous();
  const auto* values = contiguous.const_data_ptr<float>();
  return {values, values + contiguous.numel()};
}

double MeanNorm(const at::Tensor& rows) { return rows.norm(2, {-1}).mean().item<double>(); }

}  // namespace

absl::StatusOr<std::unique_ptr<TrainingSession>> TrainingSession::Begin(
    const BaseModel& model, const TrainingInput& input,
    const std::optional<TrainingCheckpoint>& from, TrainingHooks hooks,
    const TrainingContext& context) {
  RETURN_IF_ERROR(CheckInput(model, input));
  const int ranks = context.gang == nullptr ? 1 : context.gang->size();
  RETURN_IF_ERROR(CheckRanks(input.recipe, ranks));
  ASSIGN_OR_RETURN(std::vector<TokenizedPrompt> captions, TokenizeCaptions(model, input));
  ASSIGN_OR_RETURN(const at::Tensor first_rows,
                   InitialRows(model, input.class_word, input.recipe.vectors));
  auto session = std::unique_ptr<TrainingSession>(new TrainingSession(
      model, input, first_rows, std::move(captions), WithWork(std::move(hooks)), context));
  if (from) RETURN_IF_ERROR(session->Restore(*from));
  RETURN_IF_ERROR(session->BeginTogether());
  return session;
}

TrainingSession::TrainingSession(const BaseModel& model, const TrainingInput& input,
                                 const at::Tensor& first_rows,
                                 std::vector<TokenizedPrompt> captions, TrainingHooks hooks,
                                 const TrainingContext& context)
    : hooks_(std::move(hooks)),
      alone_(context.gang == nullptr ? std::make_unique<LocalCollective>() : nullptr),
      gang_(context.gang == nullptr ? *alone_ : *context.gang),
      model_(model.parts()),
      model_precision_(model.info().compute.precision),
      damage_(model.info().damage),
      token_(input.token),
      recipe_(input.recipe),
      read_every_(StepsBetweenReadings(model_, context)),
      run_(DescribeRun(model, input)),
      captions_(std::move(captions)),
      dataset_(model_, input.pictures, input.recipe.flip,
               [&] {
                 hooks_.on_work();
                 if (context.on_encoded) context.on_encoded();
               }),
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

absl::Status TrainingSession::Restore(const TrainingCheckpoint& checkpoint) {
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

absl::Status TrainingSession::BeginTogether() {
  begun_ = {.step = state_.step, .at = MonotonicSeconds()};
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
  begun_ = {.step = state_.step, .at = MonotonicSeconds(), .collective = gang_.use()};
  return absl::OkStatus();
}

absl::Status TrainingSession::CheckSameEverywhere() {
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

absl::StatusOr<std::optional<GradientRequest>> TrainingSession::Next() {
  if (left_.first == left_.end) {
    if (IsDone() || stopped_) return std::nullopt;
    told_ = hooks_.stop.stop_requested();
    // Who is alone need not go on until others have heard of it.
    if (told_ && gang_.size() == 1) {
      stopped_ = true;
      RETURN_IF_ERROR(Read());
      return std::nullopt;
    }
    BeginStep();
  }
  const int64_t count = std::min<int64_t>(recipe_.batch, left_.end - left_.first);
  GradientRequest request = {DrawBatch(state_.step, left_.first, count), state_.rows,
                             space_.samples_per_step};
  left_.first += count;
  return request;
}

absl::Status TrainingSession::Take(const LossAndGradient& part) {
  loss_ += part.loss;
  gradient_ += part.gradient;
  hooks_.on_work();
  if (left_.first < left_.end) return absl::OkStatus();
  RETURN_IF_ERROR(EndStep());
  return Look();
}

void TrainingSession::BeginStep() {
  left_ = ShareOf(space_.samples_per_step, gang_.rank(), gang_.size());
  loss_ = Number(0);
  gradient_ = at::zeros_like(state_.rows);
}

absl::Status TrainingSession::EndStep() {
  at::Tensor told = Number(told_ ? 1 : 0);
  RETURN_IF_ERROR(SumOverRanks(told));
  AdamWStep(recipe_, recipe_.learning_rate * LearningRateFactor(recipe_, state_.step), gradient_,
            state_);
  LimitNorms(limits_, state_.rows);
  if (state_.step > FirstAveragedStep(recipe_)) row_sum_ += state_.rows;
  results_.Note(loss_, told, state_.rows.isfinite().all().to(at::kDouble));
  return absl::OkStatus();
}

absl::Status TrainingSession::Look() {
  const auto due = [&](int64_t every) { return every > 0 && state_.step % every == 0; };
  const bool look = due(read_every_) || IsDone();
  const bool keep = due(hooks_.checkpoint_every) && hooks_.on_checkpoint && !IsDone();
  if (!look && !keep) return absl::OkStatus();
  RETURN_IF_ERROR(Read());
  if (hooks_.on_step) hooks_.on_step(Progress());
  if (keep) RETURN_IF_ERROR(hooks_.on_checkpoint(Checkpoint()));
  // At steps at which all ranks look: who leaves alone would leave the others waiting.
  stopped_ = look && results_.told_to_stop();
  return absl::OkStatus();
}

absl::Status TrainingSession::Read() {
  absl::Status read = results_.Read(recipe_.learning_rate);
  if (read.ok() || damage_.empty()) return read;
  return absl::FailedPreconditionError(damage_);
}

absl::Status TrainingSession::SumOverRanks(at::Tensor& told) {
  if (gang_.size() == 1) return absl::OkStatus();
  at::Tensor all = at::cat({gradient_.flatten(), at::stack({loss_, told}).to(at::kFloat)});
  RETURN_IF_ERROR(gang_.Sum(all));
  gradient_ = all.slice(0, 0, gradient_.numel()).view_as(gradient_);
  loss_ = all[-2].to(at::kDouble);
  told = all[-1].to(at::kDouble);
  return absl::OkStatus();
}

TrainingBatch TrainingSession::DrawBatch(int64_t step, int64_t first, int64_t count) const {
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

TrainingProgress TrainingSession::Progress() const {
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

TrainingCheckpoint TrainingSession::Checkpoint() const {
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

TrainingOutcome TrainingSession::Outcome() const {
  LearnedEmbedding embedding{.token = token_,
                             .vectors = static_cast<int>(state_.rows.size(0)),
                             .width = static_cast<int>(state_.rows.size(1)),
                             .values = Floats(LearnedRows())};
  for (const auto& [key, value] : run_) {
    if (key != "token") embedding.provenance[absl::StrCat("imprint.", key)] = value;
  }
  embedding.provenance["imprint.step"] = absl::StrCat(state_.step);
  return {.finished = IsDone(),
          .embedding = std::move(embedding),
          .checkpoint = Checkpoint(),
          .first_norm = first_norm_,
          .norm = MeanNorm(LearnedRows()),
          .ranks = gang_.size(),
          .steps = state_.step - begun_.step,
          .seconds = MonotonicSeconds() - begun_.at,
          .collective = gang_.use() - begun_.collective};
}

at::Tensor TrainingSession::LearnedRows() const {
  const int64_t summed = state_.step - FirstAveragedStep(recipe_);
  return summed > 0 ? row_sum_ / static_cast<double>(summed) : state_.rows;
}

at::Tensor TrainingSession::Number(double value) const {
  return at::full({}, value, at::device(model_.device).dtype(at::kDouble));
}

}  // namespace imprint::engine
