// What a plan's pictures leave in a folder beside themselves: manifest, contact sheet, and a report
// of what was drawn, for people and for programs.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/picture_folder.h"
#include "cli/imprint/commands/plan_layout.h"
#include <nlohmann/json.hpp>

namespace imprint::cli {

// Fetches what the folder lacks of a set, writes all of that, says to people what there is, and
// returns it for programs.
absl::StatusOr<nlohmann::json> CompleteSetFolder(const v1::ImageSet& set,
                                                 const v1::BaseModel& model,
                                                 const std::vector<v1::Embedding>& embeddings,
                                                 const PlanLayout& layout, PictureFolder& folder,
                                                 Gateway& gateway, Console& console);

}  // namespace imprint::cli
