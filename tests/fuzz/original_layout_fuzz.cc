// Any tensors' names and shapes as a checkpoint in the original layout: a kind that is refused, or
// as many tensors under today's names as there were, and sizes for a configuration.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "engine/model_files/original_layout.h"
#include "engine/model_files/other_kinds.h"
#include "formats/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  imprint::TensorViews tensors;
  imprint::TensorMetadata metadata;
  if (!ParseSafetensors(std::as_bytes(std::span(data, size)), "fuzz", tensors, metadata).ok()) {
    return 0;
  }
  if (const auto kind = imprint::engine::OtherCheckpoint(tensors); kind && kind->empty()) {
    std::abort();
  }
  for (const auto family :
       {imprint::engine::OriginalFamily::kSd1, imprint::engine::OriginalFamily::kSd2}) {
    const auto unet = imprint::engine::FromOriginalUnet(tensors, family, true);
    if (unet.tensors.size() + unet.passed_over.size() > tensors.size() ||
        !unet.config.contains("block_out_channels")) {
      std::abort();
    }
    const auto text = imprint::engine::FromClipTextModel(tensors, family);
    if (text.tensors.size() + text.passed_over.size() > tensors.size()) std::abort();
  }
  if (imprint::engine::FromOriginalVae(tensors).tensors.size() > tensors.size()) std::abort();
  for (const auto& [name, view] : imprint::engine::FromOpenClip(tensors).tensors) {
    if (view.data.size() > size) std::abort();
  }
  return 0;
}
