// What an image set comes to: how many pictures, and how much work each is. Pure, and lazy: a set
// of a million pictures is never written out (ItemOf, in orders/wire/picture_wire.h, makes one).
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

}  // namespace imprint::gateway
