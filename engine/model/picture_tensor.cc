#include "engine/model/picture_tensor.h"

#include <vector>

namespace imprint::engine {

at::Tensor ByteTensor(std::span<const RgbImage> pictures) {
  std::vector<at::Tensor> tensors;
  for (const RgbImage& picture : pictures) {
    tensors.push_back(at::from_blob(const_cast<uint8_t*>(picture.pixels.data()),
                                    {picture.height, picture.width, 3}, at::kByte));
  }
  return at::stack(tensors);  // copies
}

at::Tensor ClipPixels(const at::Tensor& bytes) {
  // OpenAI's constants; every CLIP that Stable Diffusion ships with has them.
  const auto options = at::device(bytes.device()).dtype(at::kFloat);
  const at::Tensor mean = at::tensor({0.48145466F, 0.4578275F, 0.40821073F}, options);
  const at::Tensor deviation = at::tensor({0.26862954F, 0.26130258F, 0.27577711F}, options);
  return ((bytes.to(at::kFloat) / 255.0 - mean) / deviation).permute({0, 3, 1, 2});
}

at::Tensor VaePixels(const at::Tensor& bytes) {
  return (bytes.to(at::kFloat) / 127.5 - 1.0).permute({0, 3, 1, 2});
}

}  // namespace imprint::engine
