#include "cli/imprint_engine/draw_plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

constexpr size_t kMaxPictures = 10'000;
constexpr size_t kSlugLength = 40;
constexpr size_t kComparedSeeds = 2;

// Letters and digits of a prompt, for a file's name on any system.
std::string Slug(absl::string_view prompt) {
  std::string slug;
  for (const char c : prompt) {
    if (absl::ascii_isalnum(c)) {
      slug += absl::ascii_tolower(c);
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
    if (slug.size() >= kSlugLength) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug.empty() ? "picture" : slug;
}

bool IsWordByte(char c) { return absl::ascii_isalnum(c) || static_cast<unsigned char>(c) >= 0x80; }

// The longest of the tokens that stands at `position`, as the tokenizer would find it: without
// regard to case and never inside a word.
const std::pair<const std::string, std::string>* LongestTokenAt(
    absl::string_view prompt, size_t position,
    const std::map<std::string, std::string>& class_words) {
  const std::pair<const std::string, std::string>* longest = nullptr;
  for (const auto& entry : class_words) {
    const std::string& token = entry.first;
    const size_t end = position + token.size();
    const bool found = !token.empty() && !entry.second.empty() &&
                       absl::StartsWithIgnoreCase(prompt.substr(position), token);
    const bool inside =
        found && ((position > 0 && IsWordByte(token.front()) && IsWordByte(prompt[position - 1])) ||
                  (end < prompt.size() && IsWordByte(token.back()) && IsWordByte(prompt[end])));
    if (found && !inside && (longest == nullptr || token.size() > longest->first.size())) {
      longest = &entry;
    }
  }
  return longest;
}

}  // namespace

absl::StatusOr<std::vector<PlannedPicture>> PlanPictures(
    const std::vector<std::string>& prompts, const std::vector<uint64_t>& seeds,
    const PictureRequest& defaults, const std::map<std::string, std::string>& class_words) {
  if (prompts.empty()) {
    return FieldError("prompt", "none", "at least one: --prompt \"a mascot in the snow\"");
  }
  if (seeds.empty()) return FieldError("seeds", "none", "at least one");
  if (prompts.size() > kMaxPictures / seeds.size()) {
    return FieldError("prompt",
                      absl::StrCat(prompts.size(), " prompts of ", seeds.size(), " seeds"),
                      absl::StrCat("at most ", kMaxPictures, " pictures at once"));
  }
  std::vector<PlannedPicture> plan;
  const auto add = [&](const std::string& prompt, uint64_t seed, size_t row, bool comparison) {
    PlannedPicture picture{.request = defaults, .row = row, .comparison = comparison};
    picture.request.prompt = prompt;
    picture.request.seed = seed;
    picture.name = absl::StrFormat("%03d-%s-s%d", plan.size() + 1, Slug(prompt), seed);
    plan.push_back(std::move(picture));
  };
  for (size_t row = 0; row < prompts.size(); ++row) {
    const std::string plain = WithClassWords(prompts[row], class_words);
    for (size_t i = 0; plain != prompts[row] && i < std::min(seeds.size(), kComparedSeeds); ++i) {
      add(plain, seeds[i], row, /*comparison=*/true);
    }
    for (const uint64_t seed : seeds) add(prompts[row], seed, row, /*comparison=*/false);
  }
  return plan;
}

std::string WithClassWords(absl::string_view prompt,
                           const std::map<std::string, std::string>& class_words) {
  std::string result;
  for (size_t i = 0; i < prompt.size();) {
    const auto* longest = LongestTokenAt(prompt, i, class_words);
    if (longest == nullptr) {
      result.push_back(prompt[i++]);
    } else {
      result += longest->second;
      i += longest->first.size();
    }
  }
  return result;
}

absl::StatusOr<std::vector<uint64_t>> ParseSeeds(absl::string_view text) {
  const auto refuse = [&] {
    return FieldError("seeds", Quoted(text),
                      "numbers and ranges such as 1,2,5-8, at most 10000 in all");
  };
  std::vector<uint64_t> seeds;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::vector<absl::string_view> ends = absl::StrSplit(part, '-');
    uint64_t first = 0;
    if (ends.size() > 2 || !absl::SimpleAtoi(ends[0], &first)) return refuse();
    uint64_t last = first;
    if (ends.size() == 2 && (!absl::SimpleAtoi(ends[1], &last) || last < first)) return refuse();
    if (last - first >= kMaxPictures || seeds.size() + (last - first) >= kMaxPictures) {
      return refuse();
    }
    for (uint64_t seed = first;; ++seed) {
      seeds.push_back(seed);
      if (seed == last) break;
    }
  }
  return seeds;
}

absl::Status ParseSize(absl::string_view text, PictureRequest& request) {
  if (text.empty()) return absl::OkStatus();
  const std::vector<absl::string_view> sides = absl::StrSplit(text, 'x');
  if (sides.size() > 2 || !absl::SimpleAtoi(sides.front(), &request.width) ||
      !absl::SimpleAtoi(sides.back(), &request.height) || request.width < 1 || request.height < 1) {
    return FieldError("size", Quoted(text), "WIDTHxHEIGHT in pixels, such as 512x768");
  }
  return absl::OkStatus();
}

}  // namespace imprint
