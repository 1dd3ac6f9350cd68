// A report for people.
#pragma once

#include <cstddef>
#include <string>

#include "sets/report/set_report.h"

namespace imprint::sets {

// Pictures beyond this are only in the JSON.
inline constexpr size_t kMostOnPage = 1000;

// Returns one HTML page that needs nothing but the pictures beside it: no script, no network.
// `columns` is the axis of the overview's columns. Tables have captions and headings, pictures
// have their alternative text, and all that can be opened can be reached by the keyboard.
std::string ReportPage(const SetReport& report, size_t columns);

}  // namespace imprint::sets
