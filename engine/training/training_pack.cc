#include "engine/training/training_pack.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "engine/company/company_watch.h"
#include "engine/model/model_parts.h"
#include "engine/torch/memory_budget.h"
#include "engine/torch/torch_errors.h"
#include "engine/training/batch_gradients.h"
#include "engine/training/memory_advice.h"
#include "engine/training/training_session.h"

namespace imprint::engine {

class TrainingPack::Member final : public PackedTraining {
 public:
  // The gradients are the pack's, for as long as the training has not ended.
  Member(std::unique_ptr<TrainingSession> session, Packing packing, std::function<void()> on_work,
         const BatchGradients& gradients)
      : session_(std::move(session)),
        packing_(packing),
        on_work_(std::move(on_work)),
        gradients_(gradients) {}

  bool ended() const override { return outcome_.has_value(); }
  absl::StatusOr<TrainingOutcome> TakeOutcome() override { return *std::move(outcome_); }

  bool is_exact() const { return packing_ == Packing::kExact; }

  void SayWork() const {
    if (on_work_ && !ended()) on_work_();
  }

  // Nothing if the training has ended.
  std::optional<GradientRequest> Next() {
    auto request = CatchTorchErrors([&] { return session_->Next(); });
    if (!request.ok()) {
      End(request.status());
      return std::nullopt;
    }
    if (!*request) End(absl::OkStatus());
    return *std::move(request);
  }

  void Take(const LossAndGradient& part, int64_t samples_with_others) {
    packed_samples_ += samples_with_others;
    const absl::Status taken = CatchTorchErrors([&] { return session_->Take(part); });
    if (!taken.ok()) End(taken);
  }

  void End(const absl::Status& status) {
    outcome_ = CatchTorchErrors([&]() -> absl::StatusOr<TrainingOutcome> {
      RETURN_IF_ERROR(status);
      TrainingOutcome outcome = session_->Outcome();
      outcome.packed_samples = packed_samples_;
      outcome.graph_failure = gradients_.failure();
      return outcome;
    });
    session_ = nullptr;
  }

 private:
  std::unique_ptr<TrainingSession> session_;
  const Packing packing_;
  const std::function<void()> on_work_;
  const BatchGradients& gradients_;
  int64_t packed_samples_ = 0;
  std::optional<absl::StatusOr<TrainingOutcome>> outcome_;
};

struct TrainingPack::Running {
  Running(std::shared_ptr<const BaseModel> of, const TrainingContext& context)
      : model(std::move(of)),
        company(model->parts().device),
        budget(MemoryBudget::OfTraining()),
        gradients(model->parts(), KeepingWith(context.compute.gradient_checkpointing),
                  context.record) {}

  const std::shared_ptr<const BaseModel> model;
  const CompanyWatch company;
  const MemoryBudget budget;
  BatchGradients gradients;
  // The most samples that are computed at once.
  int64_t most_samples = std::numeric_limits<int64_t>::max();
  bool told_graph_failure = false;
};

struct TrainingPack::Asked {
  Member* member;
  GradientRequest request;

  int64_t samples() const { return request.batch.latents.size(0); }
};

int64_t TrainingPack::SamplesOf(std::span<const Asked> group) {
  return std::transform_reduce(group.begin(), group.end(), int64_t{0}, std::plus<>(),
                               [](const Asked& each) { return each.samples(); });
}

TrainingPack::TrainingPack(TrainingContext context) : context_(std::move(context)) {}
TrainingPack::~TrainingPack() = default;

absl::StatusOr<std::shared_ptr<PackedTraining>> TrainingPack::Join(
    std::shared_ptr<const BaseModel> model, const TrainingInput& input,
    const std::optional<TrainingCheckpoint>& from, const TrainingHooks& hooks, Packing packing) {
  if (running_ != nullptr && running_->model != model) {
    return absl::FailedPreconditionError("the trainings that run are of another base model");
  }
  if (running_ == nullptr) running_ = std::make_unique<Running>(model, context_);
  TrainingContext context = context_;
  // They wait for it meanwhile.
  context.on_encoded = [this] {
    for (const auto& member : members_) member->SayWork();
  };
  auto session =
      CatchTorchErrors([&] { return TrainingSession::Begin(*model, input, from, hooks, context); });
  if (!session.ok()) {
    DropEnded();
    return session.status();
  }
  members_.push_back(
      std::make_shared<Member>(*std::move(session), packing, hooks.on_work, running_->gradients));
  return members_.back();
}

void TrainingPack::Round() {
  for (std::vector<Asked>& group : Group(AskAll())) Compute(group);
  DropEnded();
}

std::vector<TrainingPack::Asked> TrainingPack::AskAll() {
  std::vector<Asked> asked;
  for (const auto& member : members_) {
    if (auto request = member->Next()) asked.push_back({member.get(), *std::move(request)});
  }
  return asked;
}

std::vector<std::vector<TrainingPack::Asked>> TrainingPack::Group(std::vector<Asked> asked) const {
  std::vector<std::vector<Asked>> groups;
  for (Asked& each : asked) {
    const auto takes_it = [&](const std::vector<Asked>& group) {
      const Asked& first = group.front();
      return !each.member->is_exact() && !first.member->is_exact() &&
             first.request.batch.latents.sizes().slice(1) ==
                 each.request.batch.latents.sizes().slice(1) &&
             SamplesOf(group) + each.samples() <= running_->most_samples;
    };
    auto found = std::find_if(groups.begin(), groups.end(), takes_it);
    if (found == groups.end()) found = groups.emplace(groups.end());
    found->push_back(std::move(each));
  }
  return groups;
}

absl::Status TrainingPack::TryCompute(std::span<Asked> group) {
  std::vector<GradientRequest> requests;
  for (const Asked& each : group) requests.push_back(each.request);
  std::vector<LossAndGradient> results;
  RETURN_IF_ERROR(CatchTorchErrors([&] {
    results = running_->gradients.Compute(requests);
    return absl::OkStatus();
  }));
  for (size_t i = 0; i < group.size(); ++i) {
    group[i].member->Take(results[i], group.size() > 1 ? group[i].samples() : 0);
  }
  return absl::OkStatus();
}

void TrainingPack::Compute(std::span<Asked> group) {
  const absl::Status status = TryCompute(group);
  NoteGraphFailure();
  if (status.ok()) return;
  if (group.size() == 1 || IsDeviceError(status)) {
    for (const Asked& each : group) each.member->End(status);
    return;
  }
  if (IsOutOfMemory(status)) {
    const int64_t samples = SamplesOf(group);
    running_->most_samples = std::max<int64_t>(samples / 2, 1);
    warning_ = absl::StrCat("memory does not suffice for ", samples, " samples of ", group.size(),
                            " trainings at once; from now on at most ", running_->most_samples,
                            " are computed together: ", status.message());
  }
  // In halves, until the ones at fault are alone.
  Compute(group.first(group.size() / 2));
  Compute(group.subspan(group.size() / 2));
}

void TrainingPack::NoteGraphFailure() {
  if (running_->told_graph_failure || running_->gradients.failure().empty()) return;
  running_->told_graph_failure = true;
  warning_ = absl::StrCat("gradients are computed without recorded graphs: ",
                          running_->gradients.failure());
}

void TrainingPack::DropEnded() {
  std::erase_if(members_, [](const auto& member) { return member->ended(); });
  if (members_.empty()) running_ = nullptr;
}

}  // namespace imprint::engine
