// The pictures of a plan, as protos carry them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include <imprint/v1/imageset.pb.h>

#include "sets/expansion.h"
#include "sets/plan.h"

namespace imprint::sets {

// Returns INVALID_ARGUMENT naming a field of a spec that says how pictures are drawn, beside a plan
// that says it.
absl::Status CheckPlanAlone(const v1::ImageSetSpec& spec);

// Clears those fields, so that a spec that a server has filled in may be sent again.
void LeaveToPlan(v1::ImageSetSpec& spec);

// Sets what a plan says of all pictures: base model, embeddings and title where the spec says none,
// and how pictures are drawn.
void FillFromPlan(const Plan& plan, v1::ImageSetSpec& spec);

// Returns what item `index` of an admitted set says beside the set's settings: its place, prompt
// and seed; with a plan, which is null if the set has none, also its key, spare seeds, alternative
// texts and the settings of its values. With a plan it takes some 10 µs.
v1::ItemRequest ItemOf(const v1::ImageSetSpec& spec, const Expansion* plan, int64_t index);

// Returns how the pictures of a cell are drawn, as a spec that says it of all of its pictures, and
// has no prompts, seeds and plan.
v1::ImageSetSpec SpecOfCell(const v1::ImageSetSpec& spec, const Expansion& plan,
                            const std::vector<size_t>& cell);

}  // namespace imprint::sets
