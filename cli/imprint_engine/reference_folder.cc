#include "cli/imprint_engine/reference_folder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/pictures/picture_list.h"

#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "imaging/decode.h"

namespace imprint::cli {
namespace {

constexpr size_t kMaxListedErrors = 10;

absl::StatusOr<ReferencePicture> ReadPicture(const std::filesystem::path& path,
                                             const PictureFit& fit) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(DecodedPicture decoded, DecodePicture(file->bytes()));
  return ReferencePicture{.path = path,
                          .sha256 = Sha256Hex(file->bytes()),
                          .width = decoded.full_size.width,
                          .height = decoded.full_size.height,
                          .fitted = fit(decoded.image),
                          .warnings = std::move(decoded.warnings)};
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

void WarnOfPictures(const std::vector<ReferencePicture>& pictures, Console& console) {
  for (const ReferencePicture& picture : pictures) {
    for (const std::string& warning : picture.warnings) {
      console.Warn(absl::StrCat(picture.path.filename().string(), ": ", warning));
    }
  }
}

absl::StatusOr<ReferenceFolder> ReadReferenceFolder(const std::filesystem::path& folder,
                                                    const PictureFit& fit) {
  ASSIGN_OR_RETURN(PictureList list, ListPictures(folder));
  ReferenceFolder result;
  result.skipped = std::move(list.skipped);
  ASSIGN_OR_RETURN(result.pictures, ReadPictures(list.paths, fit));
  return result;
}

}  // namespace imprint::cli
