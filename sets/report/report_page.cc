#include "sets/report/report_page.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

#include "sets/report/coverage_plot.h"

namespace imprint::sets {
namespace {

constexpr absl::string_view kStyle = R"(
:root { color-scheme: light; }
body { font: 16px/1.5 sans-serif; color: #1a202c; background: #fff; margin: 2rem auto; max-width: 76rem;
  padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 2px solid #cbd5e0; }
table { border-collapse: collapse; margin: 1rem 0; } caption { text-align: left; font-weight: bold; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #e2e8f0; }
td.number, th.number { text-align: right; }
figure { margin: 0 .6rem .8rem 0; display: inline-block; vertical-align: top; width: 9.5rem; }
figure img { width: 100%; height: auto; display: block; border: 1px solid #cbd5e0; }
figcaption { font-size: .85rem; color: #4a5568; }
.blocked { display: flex; align-items: center; justify-content: center; text-align: center; aspect-ratio: 1;
  border: 1px dashed #c05621; color: #9c4221; font-size: .85rem; }
a:focus-visible, summary:focus-visible { outline: 3px solid #2b6cb0; outline-offset: 2px; }
.bad { color: #9c4221; font-weight: bold; } .wide { overflow-x: auto; }
nav a { margin-right: 1.2rem; }
)";

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string Element(absl::string_view tag, absl::string_view inner,
                    absl::string_view attributes = "") {
  return absl::StrCat("<", tag, attributes.empty() ? "" : " ", attributes, ">", inner, "</", tag,
                      ">");
}

std::string Row(const std::vector<std::string>& cells, absl::string_view tag = "td",
                size_t first_number = 1) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string attributes = i >= first_number ? "class=\"number\"" : "";
    if (tag == "th") absl::StrAppend(&attributes, " scope=\"col\"");
    absl::StrAppend(&row, i == 0 && tag == "td" ? Element("th", cells[i], "scope=\"row\"")
                                                : Element(tag, cells[i], attributes));
  }
  return Element("tr", row) + "\n";
}

// Writes the page of one report.
class Page {
 public:
  Page(const SetReport& report, size_t columns)
      : report_(report), plan_(report.plan->plan()), columns_(columns) {
    report.plan->ForEachCell([this](const std::vector<size_t>& /*cell*/, int64_t pictures) {
      has_numbers_ = has_numbers_ || pictures > 1;
    });
    if (!plan_.alt_text.empty()) {
      language_ = plan_.alt_text.contains("en") ? "en" : plan_.alt_text.begin()->first;
    }
  }

  std::string Write() {
    const std::string title =
        Escaped(report_.source.title.empty() ? report_.source.image_set : report_.source.title);
    Add(
        absl::StrCat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
                     Element("title", title), "\n<style>", kStyle, "</style>\n</head>\n<body>\n"));
    Add(Element("h1", title));
    Summary();
    Add("<main>");
    Overview();
    CoverageTables();
    Blocked();
    NearDuplicates();
    ByAxis();
    Pictures();
    Add("</main>\n</body>\n</html>");
    return std::move(html_);
  }

 private:
  void Add(absl::string_view html) { absl::StrAppend(&html_, html, "\n"); }

  void Heading(absl::string_view id, absl::string_view text) {
    Add(absl::StrCat("<h2 id=\"", id, "\">", text, "</h2>"));
  }

  void Summary() {
    const PictureCounts& all = report_.all;
    std::string what = absl::StrCat(all.drawn, " of ", all.planned, " pictures drawn");
    if (all.blocked > 0) absl::StrAppend(&what, ", ", all.blocked, " blocked");
    if (all.missing() > 0) absl::StrAppend(&what, ", ", all.missing(), " missing");
    Add(Element("p", what + "."));
    const auto unmet = std::count_if(report_.quotas.begin(), report_.quotas.end(),
                                     [](const QuotaOutcome& quota) { return !quota.is_met; });
    if (!report_.quotas.empty()) {
      Add(unmet == 0 ? Element("p", "Every quota is met by what was drawn.")
                     : Element("p",
                               absl::StrCat(unmet, " of ", report_.quotas.size(),
                                            " quotas are not met by what was drawn."),
                               "class=\"bad\""));
    }
    const std::vector<std::string> with = {Escaped(report_.source.image_set),
                                           Escaped(report_.source.base_model),
                                           Escaped(absl::StrJoin(report_.source.embeddings, ", "))};
    std::string facts;
    const char* const names[] = {"Image set", "Base model", "Embeddings"};
    for (size_t i = 0; i < with.size(); ++i) {
      if (!with[i].empty()) absl::StrAppend(&facts, Row({names[i], with[i]}, "td", 2));
    }
    Add(Element("table", Element("caption", "Drawn with") + Element("tbody", facts)));
    Add("<nav aria-label=\"Parts of this report\"><a href=\"#overview\">Overview</a>"
        "<a href=\"#coverage\">Coverage</a><a href=\"#blocked\">Blocked</a>"
        "<a href=\"#alike\">Look alike</a><a href=\"#axes\">By axis</a>"
        "<a href=\"#pictures\">Pictures</a></nav>");
  }

  std::string AltOf(size_t picture) const {
    const Item& item = report_.pictures[picture].second;
    const auto text = item.alt_text.find(language_);
    if (text != item.alt_text.end()) return Escaped(text->second);
    // Not the prompt: its tokens are not for a screen reader.
    std::vector<std::string> names;
    for (size_t i = 0; i < item.cell.size(); ++i) {
      names.push_back(plan_.axes[i].values[item.cell[i]].name);
    }
    return Escaped(absl::StrJoin(names, ", "));
  }

  // Of the alternative texts, where that is not the page's.
  std::string Language() const {
    return language_.empty() || language_ == "en" ? "" : absl::StrCat(" lang=\"", language_, "\"");
  }

  std::string Figure(size_t picture, absl::string_view caption) const {
    const auto& [drawn, item] = report_.pictures[picture];
    const std::string file = Escaped(drawn.file);
    const std::string shown =
        drawn.is_blocked() ? Element("div", "blocked by the safety checker", "class=\"blocked\"")
                           : Element("a",
                                     absl::StrCat("<img src=\"", file, "\" alt=\"", AltOf(picture),
                                                  "\"", Language(), " loading=\"lazy\">"),
                                     absl::StrCat("href=\"", file, "\""));
    return Element("figure",
                   caption.empty() ? shown : shown + Element("figcaption", Escaped(caption)));
  }

  // "river, simple": the values of all axes but one.
  std::string NameOfRow(const std::vector<size_t>& cell) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < cell.size(); ++i) {
      if (i != columns_) names.push_back(plan_.axes[i].values[cell[i]].name);
    }
    return absl::StrJoin(names, ", ");
  }

  size_t shown() const { return std::min(report_.pictures.size(), kMostOnPage); }

  void SayIfCut() {
    if (shown() == report_.pictures.size()) return;
    Add(Element("p", absl::StrCat("The first ", shown(), " of ", report_.pictures.size(),
                                  " pictures; report.json has all.")));
  }

  void Overview() {
    Heading("overview", "Overview");
    SayIfCut();
    const Axis& axis = plan_.axes[columns_];
    std::map<std::vector<size_t>, std::vector<std::string>> rows;
    for (size_t i = 0; i < shown(); ++i) {
      std::vector<size_t> cell = report_.pictures[i].second.cell;
      const size_t column = std::exchange(cell[columns_], 0);
      auto& figures = rows[cell];
      figures.resize(axis.values.size());
      const std::string& key = report_.pictures[i].second.key;
      const std::string number = key.substr(key.rfind('/') + 1);
      figures[column] += Figure(i, has_numbers_ ? absl::StrCat("no. ", number) : "");
    }
    std::vector<std::string> heads = {""};
    for (const AxisValue& value : axis.values) heads.push_back(value.name);
    std::string table = Element("caption", absl::StrCat("Columns: ", axis.name));
    absl::StrAppend(&table, Element("thead", Row(heads, "th", heads.size())), "\n<tbody>");
    for (auto& [cell, figures] : rows) {
      std::vector<std::string> cells = {Escaped(NameOfRow(cell))};
      cells.insert(cells.end(), std::make_move_iterator(figures.begin()),
                   std::make_move_iterator(figures.end()));
      absl::StrAppend(&table, Row(cells, "td", cells.size()));
    }
    Add(Element("div", Element("table", table + "</tbody>"), "class=\"wide\""));
  }

  void CoverageTables() {
    Heading("coverage", "Coverage");
    Add(Element("div", CoveragePlot(report_), "class=\"wide\""));
    for (size_t i = 0; i < plan_.axes.size(); ++i) {
      std::string table = Element("caption", plan_.axes[i].name);
      absl::StrAppend(
          &table, Element("thead", Row({"value", "planned", "drawn", "blocked", "missing"}, "th")));
      std::string body;
      for (size_t j = 0; j < report_.of_values[i].size(); ++j) {
        const PictureCounts& counts = report_.of_values[i][j];
        absl::StrAppend(&body, Row({plan_.axes[i].values[j].name, absl::StrCat(counts.planned),
                                    absl::StrCat(counts.drawn), absl::StrCat(counts.blocked),
                                    absl::StrCat(counts.missing())}));
      }
      Add(Element("table", table + Element("tbody", body)));
    }
    if (plan_.quotas.empty()) return;
    std::string body;
    for (size_t i = 0; i < plan_.quotas.size(); ++i) {
      const Quota& quota = plan_.quotas[i];
      const QuotaOutcome& outcome = report_.quotas[i];
      const auto count = [](const QuotaCount& of) {
        return absl::StrCat(of.of, " of ", of.where, " (", Percent(of.share()), ")");
      };
      absl::StrAppend(&body, Row({Escaped(quota.name), WantedShare(quota), count(outcome.planned),
                                  count(outcome.drawn),
                                  outcome.is_met ? "yes" : Element("span", "no", "class=\"bad\"")},
                                 "td", 5));
    }
    Add(Element(
        "table",
        absl::StrCat(Element("caption", "Quotas"),
                     Element("thead", Row({"quota", "wanted", "planned", "drawn", "met"}, "th", 5)),
                     Element("tbody", body))));
  }

  void Blocked() {
    Heading("blocked", "Blocked");
    std::string body;
    for (const auto& [picture, item] : report_.pictures) {
      std::vector<ReportedTry> tries = picture.blocked_tries;
      if (picture.is_blocked()) tries.push_back({picture.seed, picture.scores});
      if (tries.empty()) continue;
      const std::string blocked =
          absl::StrJoin(tries, "; ", [](std::string* out, const ReportedTry& tried) {
            absl::StrAppend(out, "seed ", tried.seed, ", ", tried.worst(), " above the threshold");
          });
      absl::StrAppend(
          &body, Row({Escaped(item.key), Escaped(picture.prompt), blocked,
                      picture.is_blocked() ? "not drawn" : absl::StrCat("seed ", picture.seed)},
                     "td", 4));
    }
    if (body.empty()) {
      Add(Element("p", "The safety checker blocked no picture."));
      return;
    }
    Add(Element(
        "table",
        absl::StrCat(Element("caption", "What the safety checker blocked"),
                     Element("thead", Row({"picture", "prompt", "blocked", "drawn"}, "th", 4)),
                     Element("tbody", body))));
  }

  void NearDuplicates() {
    Heading("alike", "Pictures that look alike");
    if (report_.near_duplicates.empty()) {
      Add(Element("p", report_.pictures.size() > kMostCompared
                           ? absl::StrCat("Not compared: more than ", kMostCompared, " pictures.")
                           : "No two pictures look nearly the same."));
      return;
    }
    size_t left_out = 0;
    for (const NearDuplicate& pair : report_.near_duplicates) {
      if (std::max(pair.first, pair.second) >= kMostOnPage) {
        ++left_out;
        continue;
      }
      Add(Element("div", Figure(pair.first, report_.pictures[pair.first].second.key) +
                             Figure(pair.second, report_.pictures[pair.second].second.key)));
    }
    if (left_out > 0 || report_.near_duplicates.size() == kMostNearDuplicates) {
      Add(Element("p", "There are more; report.json has the 200 closest."));
    }
  }

  void ByAxis() {
    Heading("axes", "By axis");
    SayIfCut();
    for (size_t axis = 0; axis < plan_.axes.size(); ++axis) {
      std::vector<std::string> figures(plan_.axes[axis].values.size());
      for (size_t i = 0; i < shown(); ++i) {
        const Item& item = report_.pictures[i].second;
        figures[item.cell[axis]] += Figure(i, item.key);
      }
      std::string inner = Element("summary", plan_.axes[axis].name);
      for (size_t j = 0; j < figures.size(); ++j) {
        if (figures[j].empty()) continue;
        absl::StrAppend(&inner, Element("h3", plan_.axes[axis].values[j].name), figures[j], "\n");
      }
      Add(Element("details", inner));
    }
  }

  void Pictures() {
    Heading("pictures", "Pictures and their words");
    SayIfCut();
    std::vector<std::string> heads = {"picture", "prompt", "seed"};
    for (const auto& [language, text] : plan_.alt_text) {
      heads.push_back(absl::StrCat("alternative text, ", language));
    }
    std::string body;
    for (size_t i = 0; i < shown(); ++i) {
      const auto& [picture, item] = report_.pictures[i];
      std::vector<std::string> cells = {
          picture.is_blocked() ? Escaped(item.key)
                               : Element("a", Escaped(item.key),
                                         absl::StrCat("href=\"", Escaped(picture.file), "\"")),
          Escaped(picture.prompt), absl::StrCat(picture.seed)};
      for (const auto& [language, text] : item.alt_text) {
        cells.push_back(Element("span", Escaped(text), absl::StrCat("lang=\"", language, "\"")));
      }
      absl::StrAppend(&body, Row(cells, "td", cells.size()));
    }
    Add(Element("div",
                Element("table", absl::StrCat(Element("caption", "Each picture"),
                                              Element("thead", Row(heads, "th", heads.size())),
                                              Element("tbody", body))),
                "class=\"wide\""));
    if (report_.missing.empty()) return;
    Add(Element("p", absl::StrCat("Missing: ", Escaped(absl::StrJoin(report_.missing, ", ")))));
  }

  const SetReport& report_;
  const Plan& plan_;
  const size_t columns_;
  // Whether any cell has more than one picture.
  bool has_numbers_ = false;
  // Of the alternative texts that pictures have on the page.
  std::string language_;
  std::string html_;
};

}  // namespace

std::string ReportPage(const SetReport& report, size_t columns) {
  return Page(report, columns).Write();
}

}  // namespace imprint::sets
