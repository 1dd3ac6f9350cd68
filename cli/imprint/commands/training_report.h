// Describes how a training was computed.
#pragma once

#include <string>

#include <imprint/v1/training.pb.h>

namespace imprint::cli {

// Returns a text such as "by 2 ranks of 1 thread, 5.60 s a step, 0.2 % of it adding up".
std::string ReportText(const v1::TrainingReport& report);

}  // namespace imprint::cli
