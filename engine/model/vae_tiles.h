// Runs the VAE over large pictures tile by tile: its memory grows with the tile, not with the
// picture.
#pragma once

#include <cstdint>

#include <ATen/ATen.h>

#include "engine/model/vae.h"

namespace imprint::engine {

// Tiles are squares of `side` latents that share a quarter with each of their neighbours, over
// which one fades into the other. Normalisation sees a tile instead of the picture, so that the
// result is close to that of the whole picture, not equal to it. A picture that fits into one tile
// is processed whole. `factor` is the VAE's: pixels along a latent's side.

// Decodes latents [1, 4, h, w], not scaled, into pixels [1, 3, H, W].
at::Tensor DecodeInTiles(const VaeDecoder& decoder, const at::Tensor& latents, int64_t side,
                         int64_t factor);

// Encodes pixels [1, 3, H, W] in [-1, 1] into a distribution.
LatentDistribution EncodeInTiles(const VaeEncoder& encoder, const at::Tensor& pixels, int64_t side,
                                 int64_t factor);

}  // namespace imprint::engine
