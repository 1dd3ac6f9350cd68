// Prompts as the text encoder's lookup wants them.
#pragma once

#include <cstdint>
#include <span>

#include <ATen/ATen.h>

#include "text/clip_tokenizer.h"

namespace imprint {

struct PromptTensors {
  int64_t count = 0;
  at::Tensor ids;  // [count * length] int64
  // Where concepts' vectors stand in `ids`, and which rows they are: [places] int64, which may be
  // none.
  at::Tensor places;
  at::Tensor rows;

  PromptTensors To(at::Device device) const;
};

// On the processor.
PromptTensors TensorsOf(std::span<const TokenizedPrompt> prompts);

}  // namespace imprint
