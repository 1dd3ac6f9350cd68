#include "cli/pictures/drawing_options.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "cli/program/option_error.h"

#include "base/field_error.h"
#include "base/text_file.h"

namespace imprint::cli {
namespace {

constexpr size_t kSlugLength = 40;

// Letters and digits of a prompt.
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

}  // namespace

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
    if (last - first >= kMaxDrawnPictures || seeds.size() + (last - first) >= kMaxDrawnPictures) {
      return refuse();
    }
    for (uint64_t seed = first;; ++seed) {
      seeds.push_back(seed);
      if (seed == last) break;
    }
  }
  return seeds;
}

absl::StatusOr<PictureSize> ParseSize(absl::string_view text) {
  PictureSize size;
  if (text.empty()) return size;
  const std::vector<absl::string_view> sides = absl::StrSplit(text, 'x');
  if (sides.size() > 2 || !absl::SimpleAtoi(sides.front(), &size.width) ||
      !absl::SimpleAtoi(sides.back(), &size.height) || size.width < 1 || size.height < 1) {
    return FieldError("size", Quoted(text), "WIDTHxHEIGHT in pixels, such as 512x768");
  }
  return size;
}

absl::StatusOr<PictureFormat> ParsePictureFormat(absl::string_view name) {
  if (name == "png") return PictureFormat::kPng;
  if (name == "jpeg" || name == "jpg") return PictureFormat::kJpeg;
  if (name == "webp") return PictureFormat::kWebp;
  return FieldError("format", Quoted(name), "png, jpeg or webp");
}

absl::StatusOr<std::vector<std::string>> ReadPrompts(const std::filesystem::path& path) {
  constexpr size_t kMaxBytes = 64 << 20;
  const auto text = ReadTextFile(path, kMaxBytes);
  if (!text.ok()) return ForOption("prompts", text.status());
  std::vector<std::string> prompts;
  for (const absl::string_view line : SplitLines(*text)) {
    const absl::string_view prompt = absl::StripAsciiWhitespace(line);
    if (!prompt.empty()) prompts.emplace_back(prompt);
  }
  return prompts;
}

absl::Status CheckPictureCount(size_t prompts, size_t seeds) {
  if (prompts == 0) {
    return FieldError("prompt", "none", "at least one: --prompt \"a mascot in the snow\"");
  }
  if (seeds == 0) return FieldError("seeds", "none", "at least one");
  if (prompts > kMaxDrawnPictures / seeds) {
    return FieldError("prompt", absl::StrCat(prompts, " prompts of ", seeds, " seeds"),
                      absl::StrCat("at most ", kMaxDrawnPictures, " pictures at once"));
  }
  return absl::OkStatus();
}

std::string PictureFileName(size_t number, absl::string_view prompt, uint64_t seed) {
  return absl::StrFormat("%03d-%s-s%d", number, Slug(prompt), seed);
}

}  // namespace imprint::cli
