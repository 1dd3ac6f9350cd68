#include "cli/imprint_engine/reference_folder.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "imaging/decode.h"
#include "imaging/picture_format.h"

namespace imprint {
namespace {

constexpr size_t kMaxPictures = 10'000;
constexpr size_t kMaxListedErrors = 10;

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

absl::StatusOr<ReferencePicture> ReadPicture(const std::filesystem::path& path,
                                             const PictureFit& fit) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(const RgbImage image, DecodePicture(file->bytes()));
  return ReferencePicture{.path = path,
                          .sha256 = Sha256Hex(file->bytes()),
                          .width = image.width,
                          .height = image.height,
                          .fitted = fit(image)};
}

absl::Status AllErrors(const std::vector<std::string>& errors, size_t pictures) {
  if (errors.size() == 1) return absl::InvalidArgumentError(errors[0]);
  const auto end = errors.begin() + static_cast<int64_t>(std::min(errors.size(), kMaxListedErrors));
  return absl::InvalidArgumentError(absl::StrCat(
      errors.size(), " of ", pictures, " pictures cannot be used:\n  ",
      absl::StrJoin(errors.begin(), end, "\n  "), errors.size() > kMaxListedErrors ? "\n  …" : ""));
}

}  // namespace

absl::StatusOr<std::vector<ReferencePicture>> ReadPictures(
    const std::vector<std::filesystem::path>& paths, const PictureFit& fit) {
  if (paths.size() > kMaxPictures) {
    return FieldError("pictures", absl::StrCat(paths.size()),
                      absl::StrCat("at most ", kMaxPictures));
  }
  std::vector<ReferencePicture> pictures;
  std::vector<std::string> errors;
  for (size_t i = 0; i < paths.size(); ++i) {
    absl::StatusOr<ReferencePicture> picture = ReadPicture(paths[i], fit);
    if (picture.ok()) {
      pictures.push_back(*std::move(picture));
    } else {
      errors.push_back(absl::StrCat("picture ", i + 1, " (", Quoted(paths[i].filename().string()),
                                    "): ", picture.status().message()));
    }
  }
  if (!errors.empty()) return AllErrors(errors, paths.size());
  return pictures;
}

absl::StatusOr<ReferenceFolder> ReadReferenceFolder(const std::filesystem::path& folder,
                                                    const PictureFit& fit) {
  ReferenceFolder result;
  std::error_code error;
  if (std::filesystem::is_regular_file(folder, error)) {
    ASSIGN_OR_RETURN(result.pictures, ReadPictures({folder}, fit));
    return result;
  }
  std::filesystem::directory_iterator entries(folder, error);
  if (error) {
    return absl::NotFoundError(
        absl::StrCat("pictures: cannot read folder ", folder.string(), ": ", error.message()));
  }
  std::vector<std::filesystem::path> paths;
  for (const std::filesystem::directory_entry& entry : entries) {
    const std::string reason = ReasonToSkip(entry);
    if (reason.empty()) {
      paths.push_back(entry.path());
    } else {
      result.skipped.push_back(absl::StrCat(entry.path().filename().string(), " (", reason, ")"));
    }
  }
  if (paths.empty()) {
    return FieldError(absl::StrCat("pictures: ", folder.string()),
                      result.skipped.empty()
                          ? "an empty folder"
                          : absl::StrCat("only ", absl::StrJoin(result.skipped, ", ")),
                      "PNG, JPEG or WebP pictures, better 3 to 5");
  }
  std::sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) {
    return NaturalLess(a.filename().string(), b.filename().string());
  });
  std::sort(result.skipped.begin(), result.skipped.end());
  ASSIGN_OR_RETURN(result.pictures, ReadPictures(paths, fit));
  return result;
}

}  // namespace imprint
