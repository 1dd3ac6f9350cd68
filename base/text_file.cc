#include "base/text_file.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

// What a text is in instead of UTF-8, by its first bytes; empty if they do not say.
absl::string_view OtherEncoding(absl::string_view text) {
  constexpr absl::string_view kUtf32Little("\xFF\xFE\0\0", 4);
  constexpr absl::string_view kUtf32Big("\0\0\xFE\xFF", 4);
  if (absl::StartsWith(text, kUtf32Little) || absl::StartsWith(text, kUtf32Big)) return "UTF-32";
  if (absl::StartsWith(text, "\xFF\xFE") || absl::StartsWith(text, "\xFE\xFF")) return "UTF-16";
  // Without a mark, every other byte of UTF-16 is 0 where it is Latin letters.
  if (absl::StrContains(text, '\0')) return "bytes that are 0, as in UTF-16";
  return "";
}

}  // namespace

absl::StatusOr<std::string> ReadTextFile(const std::filesystem::path& path, size_t max_bytes) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  if (bytes.size() > max_bytes) {
    return FieldError(path.string(), absl::StrCat(bytes.size(), " bytes"),
                      absl::StrCat("at most ", max_bytes, " bytes of text"));
  }
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const absl::string_view other = OtherEncoding(text); !other.empty()) {
    return FieldError(path.string(), other, "text in UTF-8: save it as that");
  }
  return std::string(WithoutByteOrderMark(text));
}

absl::string_view WithoutByteOrderMark(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  return text;
}

std::vector<absl::string_view> SplitLines(absl::string_view text) {
  std::vector<absl::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find_first_of("\r\n");
    lines.push_back(text.substr(0, end));
    if (end == absl::string_view::npos) break;
    text.remove_prefix(absl::StartsWith(text.substr(end), "\r\n") ? end + 2 : end + 1);
  }
  return lines;
}

}  // namespace imprint
