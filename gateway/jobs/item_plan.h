// From an image set's spec to its pictures: every prompt with every seed, prompt by prompt. Pure,
// and lazy: a set of a million pictures is never written out.
#pragma once

#include <cstdint>

#include <imprint/v1/imageset.pb.h>

namespace imprint::gateway {

// Most pictures of a chunk: which of them are done are bits of one number.
inline constexpr int64_t kMostChunkItems = 32;

// prompts × seeds.
int64_t ItemCount(const v1::ImageSetSpec& spec);

// What a picture of the spec, with every default filled in, asks of the network: evaluations at
// 512×512 pixels, those of larger or smaller pictures by their area.
double ItemWork(const v1::ImageSetSpec& spec);

// Picture `index`, 0 to ItemCount - 1, of a spec with every default filled in.
v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, int64_t index);

}  // namespace imprint::gateway
