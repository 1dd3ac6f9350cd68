#include "text/policy/prompt_policy.h"

#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "text/policy/folded_words.h"
#include "text/written_tokens.h"

namespace imprint {

absl::Status PromptPolicy::Block(absl::string_view phrase, const std::string& reason) {
  return Add(phrase, reason, blocked_);
}

absl::Status PromptPolicy::Allow(absl::string_view phrase) { return Add(phrase, "", allowed_); }

absl::Status PromptPolicy::Add(absl::string_view text, const std::string& reason, Phrases& to) {
  Phrase phrase = {.text = std::string(text), .reason = reason};
  int64_t stars = 0;
  bool is_inside = false;
  size_t after_star = 0;
  for (const FoldedWord& word : FoldedWords(text)) {
    is_inside = is_inside || (stars > 0 && word.begin == after_star);
    const absl::string_view written = text.substr(word.begin, word.end - word.begin);
    const bool is_prefix = word.end < text.size() && text[word.end] == '*';
    if (is_prefix) {
      ++stars;
      after_star = word.end + 1;
    }
    phrase.words.push_back({word.text, SkeletonOf(written), is_prefix});
  }
  if (phrase.words.empty()) return absl::InvalidArgumentError("it has no word");
  if (is_inside || absl::c_count(text, '*') != stars) {
    return absl::InvalidArgumentError("a * stands at the end of a word alone");
  }
  const size_t number = to.phrases.size();
  const Word& first = phrase.words.front();
  if (first.is_prefix) {
    to.by_prefix.push_back(number);
  } else {
    for (const std::string& form : std::set<std::string>{first.plain, first.skeleton}) {
      to.by_first[form].push_back(number);
    }
  }
  to.phrases.push_back(std::move(phrase));
  return absl::OkStatus();
}

std::vector<PromptPolicy::Match> PromptPolicy::MatchesOf(const Phrases& phrases,
                                                         const std::vector<FoldedWord>& words) {
  std::vector<Match> matches;
  const auto is = [](const Word& wanted, const FoldedWord& word) {
    const std::string& form = word.is_disguised ? wanted.skeleton : wanted.plain;
    return wanted.is_prefix ? absl::StartsWith(word.text, form) : word.text == form;
  };
  for (size_t at = 0; at < words.size(); ++at) {
    const auto look = [&](size_t number) {
      const Phrase& phrase = phrases.phrases[number];
      if (at + phrase.words.size() > words.size()) return;
      for (size_t i = 0; i < phrase.words.size(); ++i) {
        if (!is(phrase.words[i], words[at + i])) return;
      }
      matches.push_back({number, at, at + phrase.words.size()});
    };
    const auto found = phrases.by_first.find(words[at].text);
    if (found != phrases.by_first.end()) absl::c_for_each(found->second, look);
    absl::c_for_each(phrases.by_prefix, look);
  }
  return matches;
}

std::optional<PromptPolicy::Violation> PromptPolicy::FindIn(absl::string_view text) const {
  const std::vector<FoldedWord> words = FoldedWords(text);
  const std::vector<Match> found = MatchesOf(blocked_, words);
  if (found.empty()) return std::nullopt;
  const std::vector<Match> permitted = MatchesOf(allowed_, words);
  for (const Match& match : found) {
    if (absl::c_any_of(permitted, [&](const Match& allowed) {
          return allowed.first <= match.first && match.last <= allowed.last;
        })) {
      continue;
    }
    const Phrase& phrase = blocked_.phrases[match.phrase];
    const size_t begin = words[match.first].begin;
    return Violation{phrase.text,
                     std::string(text.substr(begin, words[match.last - 1].end - begin)),
                     phrase.reason};
  }
  return std::nullopt;
}

std::optional<PromptPolicy::Violation> PromptPolicy::Find(absl::string_view prompt,
                                                          PromptStyle style) const {
  if (auto found = FindIn(prompt)) return found;
  if (style == PromptStyle::kLiteral) return std::nullopt;
  const std::string read = WithoutWeights(prompt, style, WrittenTokens());
  return read == prompt ? std::nullopt : FindIn(read);
}

}  // namespace imprint
