#include "engine/sampling/shared_batch.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include <ATen/ATen.h>

#include "base/status_macros.h"
#include "engine/company/company_watch.h"
#include "engine/model/model_parts.h"
#include "engine/sampling/batch_step.h"
#include "engine/sampling/drawing.h"
#include "engine/sampling/sampler.h"
#include "engine/sampling/unet_evaluations.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {

SharedBatch::SharedBatch(int places, RecordGraph record)
    : places_(static_cast<size_t>(places)),
      prompts_(std::make_unique<PromptJoin>()),
      evaluations_(std::make_unique<UnetEvaluations>(std::move(record))) {}

SharedBatch::~SharedBatch() = default;

absl::Status SharedBatch::Add(const Sampler& sampler, DrawingOrder order,
                              std::function<void(const absl::Status&)> on_end) {
  ASSIGN_OR_RETURN(std::unique_ptr<Drawing> drawing,
                   Drawing::Make(sampler.model(), sampler.concepts(), std::move(order), places_));
  if (members_.empty()) {
    company_ = std::make_unique<CompanyWatch>(sampler.model()->parts().device);
  }
  members_.push_back({std::move(drawing), std::move(on_end), ++added_});
  return absl::OkStatus();
}

SharedBatch::StepUse SharedBatch::Step() {
  for (const Member& member : members_) member.drawing->HearStops();
  EndSome();
  if (members_.empty()) return {};
  const c10::InferenceMode no_autograd;
  Sort();
  Drawing& lead = Lead();
  const BatchShape shape = lead.NextShape();
  BatchPlaces places(shape, lead.Room(shape.size));
  std::vector<Stepping> stepping;
  // Returns false if the drawing cannot begin a picture, which ends it.
  const auto take = [&](Drawing& drawing) {
    const size_t before = places.taken();
    const absl::Status taken = CatchTorchErrors([&] {
      drawing.TakePlaces(places);
      return absl::OkStatus();
    });
    if (places.taken() > before) stepping.push_back({&drawing, places.taken() - before});
    if (!taken.ok()) End(drawing, taken);
    return taken.ok();
  };
  // A step whose places are partly taken is begun anew.
  if (!take(lead)) return {};
  for (const Member& member : members_) {
    if (places.taken() == places.room()) break;
    if (member.drawing.get() != &lead && !take(*member.drawing)) return {};
  }
  const absl::Status stepped = CatchTorchErrors([&] {
    StepBatch(lead.model(), places, *prompts_, *evaluations_);
    return absl::OkStatus();
  });
  for (Member& member : members_) {
    const bool has_stepped = std::any_of(stepping.begin(), stepping.end(), [&](const auto& each) {
      return each.drawing == member.drawing.get();
    });
    member.steps_waited = has_stepped ? 0 : member.steps_waited + 1;
  }
  for (const auto& [drawing, pictures] : stepping) {
    const absl::Status finished =
        stepped.ok() ? CatchTorchErrors([&] { return drawing->FinishStep(pictures); }) : stepped;
    if (!finished.ok()) End(*drawing, finished);
  }
  EndSome();
  return {.places = places.room(), .taken = places.taken(), .drawings = stepping.size()};
}

std::string SharedBatch::TakeWarning() {
  const std::string failure = evaluations_->TakeFailure();
  return failure.empty()
             ? ""
             : absl::StrCat("the network is evaluated without a recorded graph: ", failure);
}

void SharedBatch::EndSome() {
  for (size_t i = 0; i < members_.size();) {
    const std::optional<absl::Status> end = members_[i].drawing->End();
    if (end) {
      End(*members_[i].drawing, *end);
    } else {
      ++i;
    }
  }
}

void SharedBatch::End(const Drawing& drawing, const absl::Status& status) {
  const auto member = std::find_if(members_.begin(), members_.end(), [&](const Member& each) {
    return each.drawing.get() == &drawing;
  });
  const Member ended = std::move(*member);
  members_.erase(member);
  if (members_.empty()) {
    company_ = nullptr;
    prompts_->Clear();
  }
  ended.on_end(status);
}

void SharedBatch::Sort() {
  // One that winds down goes before all others: what it has begun is lost if it waits for too long.
  const auto place = [](const Member& member) {
    return std::make_tuple(!member.drawing->is_winding_down(), -member.drawing->order().urgency,
                           member.number);
  };
  std::sort(members_.begin(), members_.end(),
            [&](const Member& a, const Member& b) { return place(a) < place(b); });
}

Drawing& SharedBatch::Lead() {
  const int urgency = members_.front().drawing->order().urgency;
  const auto waited = [&](const Member& member) {
    return member.drawing->order().urgency < urgency ? member.steps_waited : 0;
  };
  const auto longest =
      std::max_element(members_.begin(), members_.end(),
                       [&](const Member& a, const Member& b) { return waited(a) < waited(b); });
  return *(waited(*longest) >= kMostStepsWaited ? *longest : members_.front()).drawing;
}

}  // namespace imprint::engine
