#include "engine/sampling/drawing.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/model/picture_tensor.h"
#include "engine/sampling/picture_codec.h"
#include "engine/sampling/picture_request.h"

namespace imprint::engine {

Drawing::Drawing(std::shared_ptr<const BaseModel> model, std::shared_ptr<const ConceptSet> concepts,
                 DrawingOrder order, size_t max_batch)
    : model_(std::move(model)),
      concepts_(std::move(concepts)),
      order_(std::move(order)),
      max_batch_(max_batch),
      reader_(model_->tokenizer(), concepts_->vocabulary),
      contexts_(*model_, *concepts_, reader_.EmptyPrompt()) {}

absl::StatusOr<std::unique_ptr<Drawing>> Drawing::Make(std::shared_ptr<const BaseModel> model,
                                                       std::shared_ptr<const ConceptSet> concepts,
                                                       DrawingOrder order, size_t max_batch) {
  std::unique_ptr<Drawing> drawing(
      new Drawing(std::move(model), std::move(concepts), std::move(order), max_batch));
  RETURN_IF_ERROR(drawing->ReadRequests());
  return drawing;
}

absl::Status Drawing::ReadRequests() {
  for (size_t i = 0; i < order_.requests.size(); ++i) {
    const PictureRequest& request = order_.requests[i];
    const std::string picture = absl::StrCat("picture ", i + 1);
    RETURN_IF_ERROR(InContext(picture, CheckRequest(model_->info(), request)));
    const auto read = reader_.Read(request);
    if (!read.ok()) return InContext(picture, read.status());
    prompts_.push_back(*read);
    waiting_.push_back({i, ShapeOf(i, {request.width, request.height}), std::nullopt});
    steps_total_ += SolverSteps(request);
  }
  return absl::OkStatus();
}

BatchShape Drawing::ShapeOf(size_t index, const PictureSize& size) const {
  BatchShape shape = {.model = model_.get(),
                      .size = size,
                      .context_chunks = prompts_[index].chunks(),
                      .on_gpu = model_->parts().device.is_cuda()};
  if (order_.fixed_batch > 0) {
    shape.places = PlacesFor(size, std::min(static_cast<size_t>(order_.fixed_batch), max_batch_));
    shape.prompts = prompts_[index].count();
  }
  return shape;
}

int64_t Drawing::PositionOf(size_t index) const {
  return order_.positions.empty() ? static_cast<int64_t>(index) : order_.positions[index];
}

// Memory and the time of a step grow with the pixels: pictures larger than the model's own take
// more than one place each.
size_t Drawing::PlacesFor(const PictureSize& size, size_t batch) const {
  const double own = std::pow(model_->info().picture_size, 2);
  const double share = std::max(1.0 * size.width * size.height / own, 1.0);
  return std::max<size_t>(static_cast<size_t>(static_cast<double>(batch) / share), 1);
}

void Drawing::HearStops() {
  is_stopped_ = order_.hooks.stop.stop_requested();
  is_winding_down_ = order_.hooks.wind_down.stop_requested();
}

std::optional<absl::Status> Drawing::End() const {
  const bool nothing_begun = begun_.empty() && second_passes_.empty();
  if (nothing_begun && waiting_.empty()) return absl::OkStatus();
  if (is_stopped_) return absl::CancelledError("drawing was stopped");
  if (nothing_begun && is_winding_down()) {
    return absl::CancelledError("drawing was stopped between pictures");
  }
  return std::nullopt;
}

BatchShape Drawing::NextShape() const {
  return begun_.empty() ? Queue().front().shape : begun_.front().pass.shape;
}

void Drawing::TakePlaces(BatchPlaces& places) {
  for (Begun& begun : begun_) {
    const int64_t position = PositionOf(begun.pass.index);
    if (begun.pass.shape == places.shape() && places.HasPlaceFor(position)) {
      places.Take(position, &begun.slot);
    }
  }
  std::deque<Pass>& queue = Queue();
  if (&queue == &waiting_ && is_winding_down()) return;
  for (auto next = queue.begin(); next != queue.end() && places.taken() < places.room();) {
    const int64_t position = PositionOf(next->index);
    if (next->shape != places.shape() || !places.HasPlaceFor(position)) {
      ++next;
      continue;
    }
    if (!has_begun_ && order_.hooks.on_begin) order_.hooks.on_begin();
    has_begun_ = true;
    PictureSlot slot = Begin(*next);
    begun_.push_back({std::move(*next), std::move(slot)});
    next = queue.erase(next);
    places.Take(position, &begun_.back().slot);
  }
}

PictureSlot Drawing::Begin(const Pass& pass) {
  const PictureRequest& request = order_.requests[pass.index];
  const ModelParts& model = model_->parts();
  PromptKeys prompts =
      model.unet.KeysOf(contexts_.Context(prompts_[pass.index], request.clip_skip));
  if (pass.first) {
    return {*model_, request, std::move(prompts), pass.first->noise,
            Origin{pass.first->latent, request.upscale_strength}};
  }
  NoiseSource noise(request.seed);
  std::optional<Origin> origin;
  if (request.source != nullptr) {
    // Pictures that follow each other usually have one source, which is then encoded once.
    if (request.source != source_) {
      source_ = request.source;
      source_latents_ = Encode(model, VaePixels(ByteTensor({source_.get(), 1})));
      SayWork();
    }
    origin = Origin{DrawLatent(model, source_latents_, noise), request.strength};
  }
  return {*model_, request, std::move(prompts), std::move(noise), origin};
}

absl::Status Drawing::FinishStep(size_t stepped) {
  steps_done_ += static_cast<int64_t>(stepped);
  for (auto begun = begun_.begin(); begun != begun_.end();) {
    if (!begun->slot.done()) {
      ++begun;
      continue;
    }
    RETURN_IF_ERROR(Finish(*begun));
    begun = begun_.erase(begun);
    SayWork();
  }
  if (order_.hooks.on_step) order_.hooks.on_step(steps_done_, steps_total_);
  return absl::OkStatus();
}

absl::Status Drawing::Finish(const Begun& begun) {
  const auto& [pass, slot] = begun;
  const PictureRequest& request = order_.requests[pass.index];
  const auto pixels = Decode(model_->parts(), slot.latent());
  if (!pixels.ok()) {
    const std::string& damage = model_->info().damage;
    return InContext(absl::StrCat("picture ", pass.index + 1),
                     damage.empty() ? pixels.status() : absl::FailedPreconditionError(damage));
  }
  const PictureSize size = FinalSize(model_->info(), request);
  if (pass.first || size == pass.shape.size) {
    return order_.hooks.on_picture(pass.index, ToPicture(*pixels));
  }
  second_passes_.push_back(
      {pass.index, ShapeOf(pass.index, size),
       FirstPass{MeanLatent(model_->parts(),
                            Encode(model_->parts(), Enlarge(*pixels, size.height, size.width))),
                 slot.noise()}});
  return absl::OkStatus();
}

void Drawing::SayWork() const {
  if (order_.hooks.on_work) order_.hooks.on_work();
}

}  // namespace imprint::engine
