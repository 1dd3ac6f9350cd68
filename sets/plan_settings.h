// The fields of a plan that say how pictures are drawn: those of kPictureFields.
#pragma once

#include <vector>

#include "sets/plan.h"
#include "text/yaml/yaml_node.h"

namespace imprint::sets {

// Returns the fields, and after them those of how pictures are drawn, which go to `settings`. It
// must outlive them.
std::vector<YamlField> WithSettings(std::vector<YamlField> fields, GivenSettings& settings);

}  // namespace imprint::sets
