#include "cli/imprint/commands/training_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/program/table.h"

namespace imprint::cli {
namespace {

std::string StepText(double seconds) {
  return seconds < 1 ? absl::StrFormat("%.0f ms", 1000 * seconds)
                     : absl::StrFormat("%.2f s", seconds);
}

}  // namespace

std::string ReportText(const v1::TrainingReport& report) {
  std::string text = absl::StrCat("by ", CountText(report.ranks(), "rank"), " of ",
                                  CountText(report.compute_threads(), "thread"));
  if (report.steps() > 0) {
    const double step = report.seconds() / static_cast<double>(report.steps());
    absl::StrAppend(&text, ", ", StepText(step), " a step");
  }
  if (report.ranks() > 1 && report.seconds() > 0) {
    const double percent = 100 * report.collective_seconds() / report.seconds();
    absl::StrAppend(
        &text, ", ",
        percent < 1 ? absl::StrFormat("%.2g", percent) : absl::StrFormat("%.1f", percent),
        " % of it adding up");
  }
  if (report.packed_samples() > 0) {
    absl::StrAppend(&text, ", ", CountText(report.packed_samples(), "sample"),
                    " together with other trainings'");
  }
  if (!report.graph_failure().empty()) absl::StrAppend(&text, ", without recorded graphs");
  if (report.device_memory_bytes() > 0) {
    absl::StrAppend(&text, ", in ", BytesText(report.device_memory_bytes()), " of a GPU's memory");
  }
  return text;
}

}  // namespace imprint::cli
