#include "engine/sampling/batching_loop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/model/model_parts.h"
#include "engine/model/picture_tensor.h"
#include "engine/sampling/picture_codec.h"

namespace imprint::engine {

BatchingLoop::BatchingLoop(const BaseModel& model, const ConceptSet& concepts, size_t max_batch,
                           size_t least_batch, std::span<const PictureRequest> requests,
                           std::span<const PromptPair> prompts, const ChunkedPrompt& empty,
                           const DrawHooks& hooks)
    : model_(model),
      max_batch_(max_batch),
      least_batch_(least_batch),
      requests_(requests),
      prompts_(prompts),
      hooks_(hooks),
      contexts_(model, concepts, empty) {
  for (size_t i = 0; i < requests.size(); ++i) {
    const PictureSize size = {requests[i].width, requests[i].height};
    waiting_.push_back({i, {size, prompts[i].chunks()}, std::nullopt});
    steps_total_ += SolverSteps(requests[i]);
  }
}

// Memory and the time of a step grow with the pixels: pictures larger than the model's own take
// more than one place each.
size_t BatchingLoop::Room(const PictureSize& size) const {
  const double own = std::pow(model_.info().picture_size, 2);
  const double share = std::max(1.0 * size.width * size.height / own, 1.0);
  return std::max<size_t>(static_cast<size_t>(static_cast<double>(max_batch_) / share), 1);
}

absl::Status BatchingLoop::Run() {
  while (true) {
    FillPlaces();
    if (places_.empty() && waiting_.empty()) return absl::OkStatus();
    if (places_.empty()) return absl::CancelledError("drawing was stopped between pictures");
    if (hooks_.stop.stop_requested()) return absl::CancelledError("drawing was stopped");
    Step();
    steps_done_ += static_cast<int64_t>(places_.size());
    RETURN_IF_ERROR(DeliverFinished());
    if (hooks_.on_step) hooks_.on_step(steps_done_, steps_total_);
  }
}

// Takes the waiting passes in order, except that only those of one shape can share a batch.
void BatchingLoop::FillPlaces() {
  // Second passes come first, and also while winding down: their pictures are begun.
  std::deque<Pass>& queue = second_passes_.empty() ? waiting_ : second_passes_;
  if (&queue == &waiting_ && hooks_.wind_down.stop_requested()) return;
  for (auto next = queue.begin(); next != queue.end();) {
    if (!places_.empty() && places_.size() >= Room(places_.front().pass.shape.size)) break;
    if (places_.empty() || next->shape == places_.front().pass.shape) {
      PictureSlot slot = Begin(*next);
      places_.push_back({std::move(*next), std::move(slot)});
      joined_prompts_.clear();
      next = queue.erase(next);
    } else {
      ++next;
    }
  }
}

PictureSlot BatchingLoop::Begin(const Pass& pass) {
  const PictureRequest& request = requests_[pass.index];
  const ModelParts& model = model_.parts();
  PromptKeys prompts =
      model.unet.KeysOf(contexts_.Context(prompts_[pass.index], request.clip_skip));
  if (pass.first) {
    return {model_, request, std::move(prompts), pass.first->noise,
            Origin{pass.first->latent, request.upscale_strength}};
  }
  NoiseSource noise(request.seed);
  std::optional<Origin> origin;
  if (request.source != nullptr) {
    // Pictures that follow each other usually have one source, which is then encoded once.
    if (request.source != source_) {
      source_ = request.source;
      source_latents_ = Encode(model, VaePixels(ByteTensor({source_.get(), 1})));
      if (hooks_.on_work) hooks_.on_work();
    }
    origin = Origin{DrawLatent(model, source_latents_, noise), request.strength};
  }
  return {model_, request, std::move(prompts), std::move(noise), origin};
}

// Evaluates the network once for all places, and lets each take its solver's step. A batch with
// fewer pictures than it should have is filled up with the last one again, whose outputs nobody
// looks at.
void BatchingLoop::Step() {
  const size_t least = std::min(least_batch_, Room(places_.front().pass.shape.size));
  const size_t count = std::max(places_.size(), least);
  const auto slot = [&](size_t i) -> PictureSlot& {
    return places_[std::min(i, places_.size() - 1)].slot;
  };
  std::vector<at::Tensor> latents;
  std::vector<float> timesteps;
  std::vector<int64_t> prompt_counts;
  for (size_t i = 0; i < count; ++i) {
    const int64_t prompts = slot(i).prompt_count();
    latents.push_back(slot(i).input().unsqueeze(0).expand({prompts, -1, -1, -1}));
    timesteps.insert(timesteps.end(), static_cast<size_t>(prompts),
                     static_cast<float>(slot(i).timestep()));
    prompt_counts.push_back(prompts);
  }
  // One tensor for each cross-attention, [sum of prompts, tokens, 2 c]: they stay as they are until
  // a place changes.
  if (joined_prompts_.empty()) {
    for (size_t layer = 0; layer < slot(0).prompts().size(); ++layer) {
      std::vector<at::Tensor> parts;
      for (size_t i = 0; i < count; ++i) parts.push_back(slot(i).prompts()[layer]);
      joined_prompts_.push_back(at::cat(parts));
    }
  }
  const ModelParts& model = model_.parts();
  // [sum of prompts, 4, h, w]. Solvers compute in fp32, whatever the network computes in.
  const at::Tensor outputs =
      model.unet.Forward(at::cat(latents), at::tensor(timesteps).to(model.device), joined_prompts_)
          .to(at::kFloat);
  const std::vector<at::Tensor> parts = outputs.split_with_sizes(prompt_counts);
  for (size_t i = 0; i < places_.size(); ++i) slot(i).Advance(parts[i]);
}

absl::Status BatchingLoop::DeliverFinished() {
  for (auto place = places_.begin(); place != places_.end();) {
    if (!place->slot.done()) {
      ++place;
      continue;
    }
    RETURN_IF_ERROR(Finish(*place));
    place = places_.erase(place);
    joined_prompts_.clear();
    if (hooks_.on_work) hooks_.on_work();
  }
  return absl::OkStatus();
}

absl::Status BatchingLoop::Finish(const Place& place) {
  const auto& [pass, slot] = place;
  const PictureRequest& request = requests_[pass.index];
  const auto pixels = Decode(model_.parts(), slot.latent());
  if (!pixels.ok()) {
    const std::string& damage = model_.info().damage;
    return InContext(absl::StrCat("picture ", pass.index + 1),
                     damage.empty() ? pixels.status() : absl::FailedPreconditionError(damage));
  }
  const PictureSize size = FinalSize(model_.info(), request);
  if (pass.first || size == pass.shape.size) {
    return hooks_.on_picture(pass.index, ToPicture(*pixels));
  }
  second_passes_.push_back(
      {pass.index,
       {size, pass.shape.context_chunks},
       FirstPass{MeanLatent(model_.parts(),
                            Encode(model_.parts(), Enlarge(*pixels, size.height, size.width))),
                 slot.noise()}});
  return absl::OkStatus();
}

}  // namespace imprint::engine
