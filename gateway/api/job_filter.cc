#include "gateway/api/job_filter.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::gateway {
namespace {

constexpr size_t kMaxFilterBytes = 1000;

absl::Status BadTerm(absl::string_view term) {
  return FieldError("filter", Quoted(term),
                    "terms joined by AND: state = RUNNING, state != FAILED, kind = training, kind "
                    "= image_set, labels.KEY = \"value\"");
}

// Splits at each AND that is not in quotes.
std::vector<absl::string_view> SplitTerms(absl::string_view text) {
  constexpr absl::string_view kAnd = " AND ";
  std::vector<absl::string_view> terms;
  size_t begin = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && absl::StartsWith(text.substr(i), kAnd)) {
      terms.push_back(text.substr(begin, i - begin));
      begin = i + kAnd.size();
      i = begin - 1;
    }
  }
  terms.push_back(text.substr(begin));
  return terms;
}

// Takes the quotes off, if there are any. Returns false for quotes anywhere else.
bool Unquote(absl::string_view& value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return !absl::StrContains(value, '"');
}

absl::Status AddTerm(absl::string_view term, JobFilter& filter) {
  const size_t equals = term.find('=');
  if (equals == absl::string_view::npos) return BadTerm(term);
  const bool unequal = equals > 0 && term[equals - 1] == '!';
  const absl::string_view key =
      absl::StripAsciiWhitespace(term.substr(0, unequal ? equals - 1 : equals));
  absl::string_view value = absl::StripAsciiWhitespace(term.substr(equals + 1));
  if (!Unquote(value)) return BadTerm(term);
  if (key == "state") {
    v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
    if (!v1::JobState_Parse(absl::StrCat("JOB_STATE_", value), &state)) return BadTerm(term);
    // A state that was named before must have been meant the same way, and only one can be asked
    // for.
    const auto [found, added] = filter.states.emplace(state, !unequal);
    const bool another =
        !unequal && std::any_of(filter.states.begin(), filter.states.end(), [&](const auto& entry) {
          return entry.second && entry.first != state;
        });
    if (found->second == !unequal && !another) return absl::OkStatus();
    return FieldError("filter", Quoted(term), "no contradiction: a job has one state");
  }
  if (unequal) return BadTerm(term);
  if (key == "kind" && (value == "training" || value == "image_set")) {
    filter.kind = std::string(value);
    return absl::OkStatus();
  }
  if (absl::StartsWith(key, "labels.") && key.size() > 7) {
    filter.labels[std::string(key.substr(7))] = std::string(value);
    return absl::OkStatus();
  }
  return BadTerm(term);
}

}  // namespace

absl::StatusOr<JobFilter> ParseJobFilter(absl::string_view text) {
  JobFilter filter;
  if (text.size() > kMaxFilterBytes) {
    return FieldError("filter", absl::StrCat(text.size(), " bytes"),
                      absl::StrCat("at most ", kMaxFilterBytes));
  }
  if (absl::StripAsciiWhitespace(text).empty()) return filter;
  for (const absl::string_view term : SplitTerms(text)) {
    RETURN_IF_ERROR(AddTerm(absl::StripAsciiWhitespace(term), filter));
  }
  return filter;
}

}  // namespace imprint::gateway
