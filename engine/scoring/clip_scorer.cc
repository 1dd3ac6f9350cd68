#include "engine/scoring/clip_scorer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/status_macros.h"
#include "engine/model/clip_config.h"
#include "engine/model/clip_text_encoder.h"
#include "engine/model/clip_vision_encoder.h"
#include "engine/model/picture_tensor.h"
#include "engine/torch/torch_errors.h"
#include "engine/weights/weight_binder.h"

namespace imprint::engine {

struct ClipParts {
  ClipTextEncoder text;
  Linear text_projection;
  ClipVisionEncoder vision;
  Linear vision_projection;
};

namespace {

constexpr size_t kBatch = 32;

std::vector<ClipFeature> UnitFeatures(const at::Tensor& rows) {
  const at::Tensor unit = (rows / rows.norm(2, {-1}, /*keepdim=*/true)).to(at::kFloat).contiguous();
  const auto* data = unit.const_data_ptr<float>();
  const int64_t width = unit.size(1);
  std::vector<ClipFeature> features;
  for (int64_t i = 0; i < unit.size(0); ++i) {
    features.emplace_back(data + i * width, data + (i + 1) * width);
  }
  return features;
}

// Runs `embed` over at most kBatch items at a time.
template <typename Item, typename Embed>
std::vector<ClipFeature> InBatches(std::span<const Item> items, Embed&& embed) {
  std::vector<ClipFeature> features;
  for (size_t first = 0; first < items.size(); first += kBatch) {
    const auto part = items.subspan(first, std::min(kBatch, items.size() - first));
    for (ClipFeature& feature : UnitFeatures(embed(part))) features.push_back(std::move(feature));
  }
  return features;
}

absl::StatusOr<std::unique_ptr<const ClipParts>> LoadParts(const std::filesystem::path& folder) {
  ASSIGN_OR_RETURN(const JsonObject config, JsonObject::Load(folder / "config.json"));
  ASSIGN_OR_RETURN(const JsonObject text_json, config.Object("text_config"));
  ASSIGN_OR_RETURN(const ClipTextConfig text, ClipTextConfig::Parse(text_json));
  ASSIGN_OR_RETURN(const JsonObject vision_json, config.Object("vision_config"));
  ASSIGN_OR_RETURN(const ClipVisionConfig vision, ClipVisionConfig::Parse(vision_json));
  ASSIGN_OR_RETURN(const int64_t projection, ClipProjection(config));

  const std::filesystem::path path = folder / "model.safetensors";
  ASSIGN_OR_RETURN(NamedTensors tensors, MapWeights(path));
  WeightBinder binder(std::move(tensors), path.string(), WeightOptions());
  const WeightScope weights(binder);
  auto parts = std::unique_ptr<const ClipParts>(new ClipParts{
      ClipTextEncoder(weights.In("text_model"), text),
      Linear(weights.In("text_projection"), text.tower.width, projection, /*bias=*/false),
      ClipVisionEncoder(weights.In("vision_model"), vision),
      Linear(weights.In("visual_projection"), vision.tower.width, projection, /*bias=*/false)});
  RETURN_IF_ERROR(binder.Finish());
  return parts;
}

}  // namespace

double CosineSimilarity(const ClipFeature& a, const ClipFeature& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double MeanSimilarity(std::span<const ClipFeature> a, std::span<const ClipFeature> b) {
  if (a.empty() || b.empty()) return 0;
  double sum = 0;
  for (const ClipFeature& x : a) {
    for (const ClipFeature& y : b) sum += CosineSimilarity(x, y);
  }
  return sum / static_cast<double>(a.size() * b.size());
}

ClipScorer::ClipScorer(ClipTokenizer tokenizer, std::unique_ptr<const ClipParts> parts)
    : tokenizer_(std::move(tokenizer)), parts_(std::move(parts)) {}
ClipScorer::~ClipScorer() = default;

absl::StatusOr<std::shared_ptr<const ClipScorer>> ClipScorer::Load(
    const std::filesystem::path& folder, const std::filesystem::path& fallback_tokenizer) {
  return CatchTorchErrors([&]() -> absl::StatusOr<std::shared_ptr<const ClipScorer>> {
    ASSIGN_OR_RETURN(auto parts, LoadParts(folder));
    std::error_code ignored;
    const bool own = std::filesystem::exists(folder / "vocab.json", ignored) ||
                     std::filesystem::exists(folder / "tokenizer.json", ignored);
    ASSIGN_OR_RETURN(ClipTokenizer tokenizer,
                     ClipTokenizer::Load(own ? folder : fallback_tokenizer));
    if (tokenizer.vocabulary_size() > parts->text.vocabulary()) {
      return FieldError(absl::StrCat(folder.string(), ": text_config: vocab_size"),
                        absl::StrCat(parts->text.vocabulary()),
                        absl::StrCat("at least the tokenizer's ", tokenizer.vocabulary_size()));
    }
    if (tokenizer.length() != parts->text.length()) {
      return FieldError(absl::StrCat(folder.string(), ": text_config: max_position_embeddings"),
                        absl::StrCat(parts->text.length()),
                        absl::StrCat("the tokenizer's model_max_length, ", tokenizer.length()));
    }
    return std::shared_ptr<const ClipScorer>(
        new ClipScorer(std::move(tokenizer), std::move(parts)));
  });
}

int ClipScorer::image_size() const { return static_cast<int>(parts_->vision.image_size()); }

absl::StatusOr<std::vector<ClipFeature>> ClipScorer::EmbedPictures(
    std::span<const RgbImage> pictures) const {
  for (const RgbImage& picture : pictures) {
    if (picture.width != image_size() || picture.height != image_size()) {
      return FieldError("picture", absl::StrCat(picture.width, "×", picture.height),
                        absl::StrCat(image_size(), "×", image_size()));
    }
  }
  return CatchTorchErrors([&]() -> absl::StatusOr<std::vector<ClipFeature>> {
    const c10::InferenceMode no_autograd;
    return InBatches(pictures, [&](std::span<const RgbImage> part) {
      return parts_->vision_projection(parts_->vision.Forward(ClipPixels(ByteTensor(part))));
    });
  });
}

absl::StatusOr<std::vector<ClipFeature>> ClipScorer::EmbedTexts(
    std::span<const std::string> texts) const {
  return CatchTorchErrors([&]() -> absl::StatusOr<std::vector<ClipFeature>> {
    const c10::InferenceMode no_autograd;
    return InBatches(texts, [&](std::span<const std::string> part) {
      std::vector<TokenizedPrompt> prompts;
      std::vector<int64_t> ends;  // the first end token's state stands for the text
      for (const std::string& text : part) {
        prompts.push_back(tokenizer_.Encode(text, {}));
        const auto& ids = prompts.back().ids;
        ends.push_back(std::find(ids.begin(), ids.end(), tokenizer_.end_id()) - ids.begin());
      }
      const at::Tensor hidden = parts_->text.Forward(prompts, {});
      const at::Tensor rows = at::arange(static_cast<int64_t>(part.size()));
      return parts_->text_projection(hidden.index({rows, at::tensor(ends)}));
    });
  });
}

}  // namespace imprint::engine
