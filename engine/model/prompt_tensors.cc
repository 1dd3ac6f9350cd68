#include "engine/model/prompt_tensors.h"

#include <vector>

#include "engine/torch/send_to_device.h"

namespace imprint::engine {

PromptTensors PromptTensors::To(at::Device device) const {
  return {count, SendTo(device, ids), SendTo(device, places), SendTo(device, rows)};
}

PromptTensors TensorsOf(std::span<const TokenizedPrompt> prompts) {
  std::vector<int64_t> ids;
  std::vector<int64_t> places;
  std::vector<int64_t> rows;
  for (const TokenizedPrompt& prompt : prompts) {
    // Places count over all prompts, whose ids stand in one row.
    const auto first = static_cast<int64_t>(ids.size());
    ids.insert(ids.end(), prompt.ids.begin(), prompt.ids.end());
    for (const ConceptPlace& place : prompt.concept_places) {
      places.push_back(first + place.position);
      rows.push_back(place.row);
    }
  }
  return {static_cast<int64_t>(prompts.size()), at::tensor(ids), at::tensor(places),
          at::tensor(rows)};
}

}  // namespace imprint::engine
