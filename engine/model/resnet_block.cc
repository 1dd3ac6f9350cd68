#include "engine/model/resnet_block.h"

namespace imprint::engine {

ResnetBlock::ResnetBlock(const WeightScope& weights, const Shape& shape)
    : norm1_(weights.In("norm1"), shape.groups, shape.in, shape.epsilon),
      conv1_(weights.In("conv1"), shape.in, shape.out),
      norm2_(weights.In("norm2"), shape.groups, shape.out, shape.epsilon),
      conv2_(weights.In("conv2"), shape.out, shape.out) {
  if (shape.time) time_projection_.emplace(weights.In("time_emb_proj"), *shape.time, shape.out);
  if (shape.in != shape.out) {
    shortcut_.emplace(weights.In("conv_shortcut"), shape.in, shape.out,
                      Conv2d::Shape{.kernel = 1, .padding = 0});
  }
}

at::Tensor ResnetBlock::Forward(const at::Tensor& x, const at::Tensor& time) const {
  at::Tensor h = conv1_(norm1_.Silu(x));
  if (time_projection_) h = h + (*time_projection_)(time).unsqueeze(-1).unsqueeze(-1);
  h = conv2_(norm2_.Silu(h));
  return (shortcut_ ? (*shortcut_)(x) : x) + h;
}

}  // namespace imprint::engine
