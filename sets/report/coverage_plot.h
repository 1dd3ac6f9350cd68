// A picture of how much of each value was drawn.
#pragma once

#include <string>

#include "sets/report/set_report.h"

namespace imprint::sets {

// Returns an SVG of bars, one for each value of each axis, of what was drawn, blocked and is
// missing; and, for each quota, its share with what the plan wants of it. An axis of many values is
// cut with a note.
std::string CoveragePlot(const SetReport& report);

}  // namespace imprint::sets
