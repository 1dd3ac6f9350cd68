// Expands an image set's spec into its pictures: every prompt with every seed, prompt by prompt.
// Pure and lazy: a set of a million pictures is never written out.
#pragma once

#include <cstdint>

#include <imprint/v1/imageset.pb.h>

namespace imprint::gateway {

// The most pictures in a chunk: which of them are done is kept as the bits of one number.
inline constexpr int64_t kMostChunkItems = 32;

// Returns prompts × seeds.
int64_t ItemCount(const v1::ImageSetSpec& spec);

// Returns the work of one picture of a spec with every default filled in, in network evaluations at
// 512×512 pixels; evaluations of larger or smaller pictures count by their area.
double ItemWork(const v1::ImageSetSpec& spec);

// Returns picture `index`, 0 to ItemCount - 1, of a spec with every default filled in.
v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, int64_t index);

}  // namespace imprint::gateway
