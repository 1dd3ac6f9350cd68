// An image-set job as a command watches it: its pictures come into a folder as they finish.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/drawing_plan.h"
#include "cli/imprint/commands/picture_folder.h"

namespace imprint::cli {

// Says that a job was created, and what the gateway warns of unless it draws for comparison.
void TellCreated(const v1::Job& job, const std::string& request_id, bool comparison,
                 Console& console);

// Follows the job until it ends, keeps its pictures in `folder`, and counts them in `kept`. Returns
// the job as it ended, CANCELLED if following was stopped, or why the job failed.
absl::StatusOr<v1::Job> FollowIntoFolder(const v1::Job& job, const PlaceOf& place_of,
                                         PictureFolder& folder, Gateway& gateway,
                                         CommandContext& context, int64_t& kept);

}  // namespace imprint::cli
