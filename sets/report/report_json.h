// A report for programs.
#pragma once

#include <nlohmann/json.hpp>

#include "sets/report/set_report.h"

namespace imprint::sets {

// Returns all that the report has; docs/plans.md has the fields.
nlohmann::ordered_json ReportJson(const SetReport& report);

}  // namespace imprint::sets
