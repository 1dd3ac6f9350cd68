// Prompts in the form that the text encoder's lookup takes.
#pragma once

#include <cstdint>
#include <span>

#include <ATen/ATen.h>

#include "text/clip_tokenizer.h"

namespace imprint::engine {

struct PromptTensors {
  int64_t count = 0;
  at::Tensor ids;  // [count * length] int64
  // The places in `ids` where concepts' vectors stand, and the row of each: [places] int64,
  // possibly empty.
  at::Tensor places;
  at::Tensor rows;

  PromptTensors To(at::Device device) const;
};

// Converts prompts to tensors on the processor.
PromptTensors TensorsOf(std::span<const TokenizedPrompt> prompts);

}  // namespace imprint::engine
