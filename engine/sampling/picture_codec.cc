#include "engine/sampling/picture_codec.h"

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "engine/model/vae_tiles.h"

namespace imprint::engine {
namespace {

constexpr int64_t kWholeUpTo = 2;  // times the pixels of a tile

// In latents; larger than any picture where the whole is to be done at once.
int64_t TileSide(const ModelParts& model, int64_t height, int64_t width) {
  const int64_t side = model.latent_side;
  return height * width <= kWholeUpTo * side * side ? std::numeric_limits<int64_t>::max() : side;
}

}  // namespace

absl::StatusOr<at::Tensor> Decode(const ModelParts& model, const at::Tensor& latent) {
  // [1, 4, h, w] at the autoencoder's own scale.
  const at::Tensor scaled = latent.unsqueeze(0) / model.vae_config.scaling_factor;
  const at::Tensor pixels =
      DecodeInTiles(model.vae_decoder, scaled, TileSide(model, latent.size(1), latent.size(2)),
                    model.vae_config.Factor())
          .to(at::kFloat);
  if (!pixels.isfinite().all().item<bool>()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "it has pixels that are not numbers; is an embedding or the guidance far too large",
        model.unet.type() == at::kHalf ? ", or fp16 too narrow for this model" : "", "?"));
  }
  return pixels;
}

LatentDistribution Encode(const ModelParts& model, const at::Tensor& pixels) {
  const int64_t factor = model.vae_config.Factor();
  return EncodeInTiles(model.vae_encoder, pixels.to(model.device),
                       TileSide(model, pixels.size(2) / factor, pixels.size(3) / factor), factor);
}

at::Tensor MeanLatent(const ModelParts& model, const LatentDistribution& latents) {
  return model.vae_config.scaling_factor * latents.mean.to(at::kFloat)[0];
}

at::Tensor DrawLatent(const ModelParts& model, const LatentDistribution& latents,
                      NoiseSource& noise) {
  const at::Tensor draw = noise.Draw(latents.mean.sizes()).to(model.device);
  return model.vae_config.scaling_factor *
         (latents.mean.to(at::kFloat) + latents.deviation.to(at::kFloat) * draw)[0];
}

at::Tensor Enlarge(const at::Tensor& pixels, int64_t height, int64_t width) {
  return at::_upsample_bicubic2d_aa(pixels, {height, width}, /*align_corners=*/false).clamp(-1, 1);
}

RgbImage ToPicture(const at::Tensor& pixels) {
  // [1, 3, h, w] in [-1, 1] to [h, w, 3], rounded to the nearest as Diffusers does.
  const at::Tensor bytes = ((pixels[0] / 2 + 0.5).clamp(0, 1) * 255)
                               .round()
                               .to(at::kByte)
                               .permute({1, 2, 0})
                               .cpu()
                               .contiguous();
  const auto* data = bytes.const_data_ptr<uint8_t>();
  return RgbImage{static_cast<int>(bytes.size(1)), static_cast<int>(bytes.size(0)),
                  std::vector<uint8_t>(data, data + bytes.numel())};
}

}  // namespace imprint::engine
