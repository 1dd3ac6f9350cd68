// Measures how much a picture looks like others (CLIP-I) and like its prompt (CLIP-T). This header
// needs no LibTorch: services and tools include it.
// Source: Radford et al. 2021; as scores of learned concepts, Gal et al. 2022, section 4.2.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "base/rgb_image.h"
#include "text/clip_tokenizer.h"

namespace imprint::engine {

struct ClipParts;

// A picture's or a text's direction in CLIP's space, of unit length.
using ClipFeature = std::vector<float>;

// Returns the cosine similarity, from -1 to 1.
double CosineSimilarity(const ClipFeature& a, const ClipFeature& b);

// Returns the mean similarity of every one of `a` with every one of `b`; 0 if either is empty.
double MeanSimilarity(std::span<const ClipFeature> a, std::span<const ClipFeature> b);

// An evaluator model. Immutable; thread-safe.
class ClipScorer {
 public:
  // Loads a CLIPModel folder (config.json, model.safetensors). Its tokenizer is read from the
  // folder if it has one, otherwise `fallback_tokenizer` is used. Errors name file, field or
  // tensors.
  static absl::StatusOr<std::shared_ptr<const ClipScorer>> Load(
      const std::filesystem::path& folder, const std::filesystem::path& fallback_tokenizer);
  ~ClipScorer();

  // Returns the side of the square pictures that it reads; use FitForClip to bring pictures to it.
  int image_size() const;

  // Embeds pictures. INVALID_ARGUMENT if one is of another size.
  absl::StatusOr<std::vector<ClipFeature>> EmbedPictures(std::span<const RgbImage> pictures) const;
  absl::StatusOr<std::vector<ClipFeature>> EmbedTexts(std::span<const std::string> texts) const;

 private:
  ClipScorer(ClipTokenizer tokenizer, std::unique_ptr<const ClipParts> parts);

  ClipTokenizer tokenizer_;
  std::unique_ptr<const ClipParts> parts_;
};

}  // namespace imprint::engine
