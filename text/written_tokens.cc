#include "text/written_tokens.h"

#include <algorithm>

#include "absl/strings/match.h"

#include "text/unicode_text.h"
#include "text/word_boundary.h"

namespace imprint {

WrittenTokens::WrittenTokens(const std::vector<std::string>& tokens) {
  for (const std::string& token : tokens) Add(token);
}

void WrittenTokens::Add(std::string token) {
  Entry entry;
  entry.normalized = NormalizeForClip(token);
  entry.token = std::move(token);
  // Behind those that are the same word: the first one stays the one that is found.
  const auto place =
      std::upper_bound(entries_.begin(), entries_.end(), entry,
                       [](const Entry& a, const Entry& b) { return a.normalized < b.normalized; });
  entries_.insert(place, std::move(entry));
}

WrittenTokens::Match WrittenTokens::LongestAt(absl::string_view prompt, size_t position) const {
  Match longest;
  if (entries_.empty() || !BeginsComposition(prompt, position)) return longest;
  std::string read;
  for (size_t end = position; end < prompt.size();) {
    AppendComposition(prompt, end, read);
    const auto next = std::lower_bound(
        entries_.begin(), entries_.end(), read,
        [](const Entry& entry, const std::string& text) { return entry.normalized < text; });
    if (next == entries_.end() || !absl::StartsWith(next->normalized, read)) break;
    if (next->normalized == read && StandsApart(prompt, position, end - position)) {
      longest = {.token = &next->token, .size = end - position};
    }
  }
  return longest;
}

}  // namespace imprint
