#include "sets/report/coverage_plot.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace imprint::sets {
namespace {

constexpr int kLabels = 300;
constexpr int kBars = 420;
constexpr int kNumbers = 190;
constexpr int kRow = 22;
constexpr int kBar = 14;
constexpr size_t kMostValues = 40;

constexpr absl::string_view kDrawn = "#2b6cb0";
constexpr absl::string_view kBlocked = "#c05621";
constexpr absl::string_view kMissing = "#cbd5e0";
constexpr absl::string_view kWanted = "#1a202c";

// Names of a plan have nothing that XML would read otherwise, but for the names of quotas, which
// have no more than "=", "|" and words.
class Drawing {
 public:
  void Heading(absl::string_view text) {
    y_ += kRow;
    absl::StrAppend(&body_, "<text x=\"0\" y=\"", y_, "\" font-weight=\"bold\">", text,
                    "</text>\n");
    y_ += kRow / 2;
  }

  void Note(absl::string_view text) {
    y_ += kRow;
    absl::StrAppend(&body_, "<text x=\"", kLabels, "\" y=\"", y_ - 6, "\" fill=\"#4a5568\">", text,
                    "</text>\n");
  }

  // Begins a row; the label is cut if it is too long for its place.
  void Label(absl::string_view text, absl::string_view numbers) {
    y_ += kRow;
    constexpr size_t kMostLetters = 40;
    const std::string label = text.size() <= kMostLetters
                                  ? std::string(text)
                                  : absl::StrCat(text.substr(0, kMostLetters - 1), "…");
    absl::StrAppend(&body_, "<text x=\"", kLabels - 8, "\" y=\"", y_ - 6, "\" text-anchor=\"end\">",
                    label, "</text>\n<text x=\"", kLabels + kBars + 8, "\" y=\"", y_ - 6,
                    "\" fill=\"#4a5568\">", numbers, "</text>\n");
  }

  // Adds to the row's bar, from one share of its width to another.
  void Bar(double from, double to, absl::string_view colour) {
    if (to <= from) return;
    absl::StrAppend(&body_, "<rect x=\"", kLabels + from * kBars, "\" y=\"", y_ - kRow + 4,
                    "\" width=\"", (to - from) * kBars, "\" height=\"", kBar, "\" fill=\"", colour,
                    "\"/>\n");
  }

  void Mark(double at) {
    const double x = kLabels + at * kBars;
    absl::StrAppend(&body_, "<line x1=\"", x, "\" x2=\"", x, "\" y1=\"", y_ - kRow + 1, "\" y2=\"",
                    y_ - 1, "\" stroke=\"", kWanted, "\" stroke-width=\"2\"/>\n");
  }

  std::string Finish() && {
    const int width = kLabels + kBars + kNumbers;
    return absl::StrCat(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"Pictures of each "
        "value "
        "and share of each quota; the tables have the same numbers\" width=\"",
        width, "\" height=\"", y_ + kRow, "\" viewBox=\"0 0 ", width, " ", y_ + kRow,
        "\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#1a202c\">\n", body_, "</svg>\n");
  }

 private:
  int y_ = 0;
  std::string body_;
};

void DrawAxis(const Axis& axis, const std::vector<PictureCounts>& counts, Drawing& drawing) {
  drawing.Heading(axis.name);
  int64_t most = 1;
  for (const PictureCounts& count : counts) most = std::max(most, count.planned);
  for (size_t i = 0; i < std::min(counts.size(), kMostValues); ++i) {
    const PictureCounts& count = counts[i];
    std::string numbers = absl::StrCat(count.drawn, " of ", count.planned);
    if (count.blocked > 0) absl::StrAppend(&numbers, ", ", count.blocked, " blocked");
    if (count.missing() > 0) absl::StrAppend(&numbers, ", ", count.missing(), " missing");
    drawing.Label(axis.values[i].name, numbers);
    const auto share = [&](int64_t pictures) {
      return static_cast<double>(pictures) / static_cast<double>(most);
    };
    drawing.Bar(0, share(count.drawn), kDrawn);
    drawing.Bar(share(count.drawn), share(count.drawn + count.blocked), kBlocked);
    drawing.Bar(share(count.drawn + count.blocked), share(count.planned), kMissing);
  }
  if (counts.size() > kMostValues) {
    drawing.Note(absl::StrCat("and ", counts.size() - kMostValues, " more values"));
  }
}

}  // namespace

std::string CoveragePlot(const SetReport& report) {
  Drawing drawing;
  const Plan& plan = report.plan->plan();
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    DrawAxis(plan.axes[i], report.of_values[i], drawing);
  }
  if (!plan.quotas.empty()) drawing.Heading("quotas, of what was drawn");
  for (size_t i = 0; i < std::min(plan.quotas.size(), kMostValues); ++i) {
    const Quota& quota = plan.quotas[i];
    const QuotaOutcome& outcome = report.quotas[i];
    drawing.Label(quota.name, absl::StrCat(Percent(outcome.drawn.share()),
                                           outcome.is_met ? ", met" : ", NOT met"));
    drawing.Bar(0, outcome.drawn.share(), outcome.is_met ? kDrawn : kBlocked);
    if (quota.at_least > 0) drawing.Mark(quota.at_least);
    if (quota.at_most < 1) drawing.Mark(quota.at_most);
  }
  if (plan.quotas.size() > kMostValues) {
    drawing.Note(absl::StrCat("and ", plan.quotas.size() - kMostValues, " more quotas"));
  }
  return std::move(drawing).Finish();
}

}  // namespace imprint::sets
