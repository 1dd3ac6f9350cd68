// What a plan's file may hold, for editors and pipelines: docs/plan.schema.json.
#pragma once

#include <nlohmann/json.hpp>

namespace imprint::sets {

// Returns a JSON Schema (draft 2020-12). It knows fields, kinds and ranges, and nothing of what
// takes the plan as a whole, such as that an axis that is named exists.
nlohmann::ordered_json PlanSchema();

}  // namespace imprint::sets
