#include "cli/imprint_engine/recorded_files.h"

#include <filesystem>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/imprint_engine/training_record.h"
#include "cli/program/option_error.h"

#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "formats/embedding_files/embedding_file.h"
#include "imaging/decode.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<std::string> HashOf(const fs::path& file) {
  ASSIGN_OR_RETURN(const auto content, MappedFile::Open(file));
  return Sha256Hex(content->bytes());
}

}  // namespace

absl::StatusOr<std::vector<LearnedEmbedding>> FindRecordedEmbeddings(
    const std::vector<ManifestEmbedding>& recorded, const std::vector<std::string>& given) {
  std::map<std::string, fs::path> by_hash;
  for (const std::string& path : given) {
    const fs::path file = EmbeddingFile(path);
    const auto hash = HashOf(file);
    if (!hash.ok()) return ForOption("embedding", hash.status());
    by_hash.try_emplace(*hash, file);
  }
  std::vector<LearnedEmbedding> embeddings;
  for (const ManifestEmbedding& wanted : recorded) {
    if (!wanted.path.empty() && by_hash.count(wanted.sha256) == 0) {
      const auto hash = HashOf(wanted.path);
      if (hash.ok()) by_hash.try_emplace(*hash, wanted.path);
    }
    const auto found = by_hash.find(wanted.sha256);
    if (found == by_hash.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "embedding: no file with the recorded hash ", wanted.sha256.substr(0, 12),
          "... was found for ", wanted.token, ", recorded as ",
          wanted.path.empty() ? wanted.name : wanted.path, "; give it with --embedding PATH",
          wanted.path.empty() ? " (imprint embeddings export writes it)" : ""));
    }
    ASSIGN_OR_RETURN(
        embeddings.emplace_back(),
        ReadEmbeddingFile(found->second, {.token = wanted.token, .decode_picture = DecodePixels}));
  }
  return embeddings;
}

absl::StatusOr<std::shared_ptr<const RgbImage>> FindRecordedSource(const RecordedPictures& record,
                                                                   Console& console) {
  const auto read =
      ReadPictures({record.source_path}, [](const RgbImage& picture) { return picture; });
  if (!read.ok()) return ForOption("from", read.status());
  WarnOfPictures(*read, console);
  const ReferencePicture& picture = read->front();
  if (picture.sha256 == record.source_sha256) {
    return std::make_shared<const RgbImage>(picture.fitted);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("from: ", record.source_path, " has changed since the pictures were drawn"));
}

}  // namespace imprint::cli
