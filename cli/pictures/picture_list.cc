#include "cli/pictures/picture_list.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/mapped_file.h"
#include "imaging/picture_format.h"

namespace imprint::cli {
namespace {

// Names as people sort them: runs of digits by their number, letters without case.
bool NaturalLess(const std::string& a, const std::string& b) {
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (absl::ascii_isdigit(a[i]) && absl::ascii_isdigit(b[j])) {
      const auto number = [](const std::string& text, size_t& at) {
        while (at < text.size() && text[at] == '0') ++at;
        const size_t begin = at;
        while (at < text.size() && absl::ascii_isdigit(text[at])) ++at;
        return text.substr(begin, at - begin);
      };
      const std::string x = number(a, i);
      const std::string y = number(b, j);
      if (x != y) return std::pair(x.size(), x) < std::pair(y.size(), y);
      continue;
    }
    const char x = absl::ascii_tolower(a[i++]);
    const char y = absl::ascii_tolower(b[j++]);
    if (x != y) return x < y;
  }
  return std::pair(a.size() - i, a) < std::pair(b.size() - j, b);
}

// Why a directory entry is not meant as a picture; empty if it is.
std::string ReasonToSkip(const std::filesystem::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code error;
  if (entry.is_directory(error)) return "a folder";
  if (!entry.is_regular_file(error)) return "not a file";
  if (absl::StartsWith(name, ".")) return "hidden";
  if (HasPictureExtension(name)) return "";
  const auto file = MappedFile::Open(entry.path());
  if (file.ok() && SniffPicture((*file)->bytes())) return "";
  return "not a picture";
}

}  // namespace

absl::StatusOr<PictureList> ListPictures(const std::filesystem::path& folder) {
  PictureList list;
  std::error_code error;
  if (std::filesystem::is_regular_file(folder, error)) {
    list.paths.push_back(folder);
    return list;
  }
  std::filesystem::directory_iterator entries(folder, error);
  if (error) {
    return absl::NotFoundError(
        absl::StrCat("pictures: cannot read folder ", folder.string(), ": ", error.message()));
  }
  for (const std::filesystem::directory_entry& entry : entries) {
    const std::string reason = ReasonToSkip(entry);
    if (reason.empty()) {
      list.paths.push_back(entry.path());
    } else {
      list.skipped.push_back(absl::StrCat(entry.path().filename().string(), " (", reason, ")"));
    }
  }
  if (list.paths.empty()) {
    return FieldError(absl::StrCat("pictures: ", folder.string()),
                      list.skipped.empty()
                          ? "an empty folder"
                          : absl::StrCat("only ", absl::StrJoin(list.skipped, ", ")),
                      "PNG, JPEG, WebP, HEIC, AVIF or TIFF pictures, better 3 to 5");
  }
  if (list.paths.size() > kMaxListedPictures) {
    return FieldError("pictures", absl::StrCat(list.paths.size()),
                      absl::StrCat("at most ", kMaxListedPictures));
  }
  std::sort(list.paths.begin(), list.paths.end(), [](const auto& a, const auto& b) {
    return NaturalLess(a.filename().string(), b.filename().string());
  });
  std::sort(list.skipped.begin(), list.skipped.end());
  return list;
}

}  // namespace imprint::cli
