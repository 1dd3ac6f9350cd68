#include "cli/imprint/fsck_report.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace imprint {
namespace {

// The list that a line "missing  SHA" belongs to; null if there is none.
std::vector<std::string>* ListNamed(absl::string_view word, FsckReport& report) {
  if (word == "missing") return &report.missing;
  if (word == "damaged") return &report.damaged;
  if (word == "orphan") return &report.orphans;
  return nullptr;
}

// "clean: 6 good, 0 missing, ...": whether the line is that.
bool ReadSum(absl::string_view line, FsckReport& report) {
  report.clean = !absl::ConsumePrefix(&line, "not ");
  if (!absl::ConsumePrefix(&line, "clean: ")) return false;
  return absl::SimpleAtoi(line.substr(0, line.find(' ')), &report.good);
}

}  // namespace

std::optional<FsckReport> ParseFsckReport(absl::string_view printed) {
  FsckReport report;
  bool summed_up = false;
  for (const absl::string_view line : absl::StrSplit(printed, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    auto* list = words.size() == 2 ? ListNamed(words[0], report) : nullptr;
    if (list != nullptr) {
      list->emplace_back(words[1]);
    } else if (!summed_up) {
      summed_up = ReadSum(line, report);
    }
  }
  if (!summed_up) return std::nullopt;
  return report;
}

std::string FsckFailure(absl::string_view printed) {
  absl::string_view last = "imprint-registry said nothing";
  for (absl::string_view line : absl::StrSplit(printed, '\n', absl::SkipEmpty())) {
    last = line;
    if (absl::ConsumePrefix(&line, "error: ")) return std::string(line);
  }
  return std::string(last);
}

}  // namespace imprint
