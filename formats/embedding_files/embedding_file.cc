#include "formats/embedding_files/embedding_file.h"

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "formats/embedding_files/embedding_choice.h"
#include "formats/embedding_files/torch_embedding.h"
#include "formats/safetensors.h"
#include "formats/torch_files/torch_file.h"

namespace imprint {
namespace {

// What people have in hand when a download went wrong.
struct NoEmbedding {
  absl::string_view begin;
  absl::string_view what;
};
constexpr std::array kNoEmbeddings = {
    NoEmbedding{"version https://git-lfs", "a Git LFS pointer in place of the file"},
    NoEmbedding{"<!DOCTYPE", "a web page"},
    NoEmbedding{"<!doctype", "a web page"},
    NoEmbedding{"<html", "a web page"},
    NoEmbedding{"\x89PNG", "a picture"},
    NoEmbedding{"\xff\xd8\xff", "a picture"},
    NoEmbedding{"RIFF", "a picture"},
};

absl::Status RefuseOtherFiles(absl::string_view bytes) {
  if (bytes.empty()) return FieldError("file", "0 bytes", "an embedding");
  for (const NoEmbedding& known : kNoEmbeddings) {
    if (absl::StartsWith(bytes, known.begin)) {
      return FieldError("file", known.what, "an embedding: .safetensors, .pt or .bin");
    }
  }
  return absl::OkStatus();
}

// A safetensors header's length can look like the first bytes of a pickle, but not its brace.
bool IsSafetensors(absl::string_view bytes) { return bytes.size() > 8 && bytes[8] == '{'; }

absl::StatusOr<LearnedEmbedding> ReadSafetensors(std::span<const std::byte> bytes,
                                                 const std::string& origin,
                                                 absl::string_view wanted) {
  TensorViews tensors;
  TensorMetadata metadata;
  RETURN_IF_ERROR(ParseSafetensors(bytes, origin, tensors, metadata));
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  RETURN_IF_ERROR(InContext(origin, RefuseForeignFile(names)));
  const auto name = ChooseEmbedding(names, wanted);
  if (!name.ok()) return InContext(origin, name.status());
  auto embedding = EmbeddingFromTensor(*name, tensors.at(*name));
  if (!embedding.ok()) return InContext(origin, embedding.status());
  KeepProvenance(std::move(metadata), *embedding);
  return embedding;
}

// AUTOMATIC1111's rule: the name without its last extension.
std::string Stem(const std::string& name) { return std::filesystem::path(name).stem().string(); }

}  // namespace

absl::StatusOr<LearnedEmbedding> ParseEmbeddingFile(absl::string_view bytes,
                                                    const std::string& origin,
                                                    const EmbeddingFileOptions& options) {
  RETURN_IF_ERROR(InContext(origin, RefuseOtherFiles(bytes)));
  const auto data = std::as_bytes(std::span(bytes.data(), bytes.size()));
  LearnedEmbedding embedding;
  bool named_by_file = false;
  if (!IsSafetensors(bytes) && TorchFile::IsOne(data)) {
    auto read = ReadTorchEmbedding(data, options.token);
    if (!read.ok()) return InContext(origin, read.status());
    embedding = std::move(read->embedding);
    named_by_file = read->named_by_file;
  } else {
    ASSIGN_OR_RETURN(embedding, ReadSafetensors(data, origin, options.token));
    named_by_file = IsLayoutName(embedding.token);
  }
  if (named_by_file && IsLayoutName(embedding.token)) embedding.token.clear();
  if (named_by_file && !options.name.empty()) embedding.token = Stem(options.name);
  if (!options.token.empty()) embedding.token = options.token;
  if (embedding.token.empty()) {
    return FieldError(absl::StrCat(origin, ": token"), "none, as this tool's files hold no word",
                      "a word, or the file's name");
  }
  return embedding;
}

absl::StatusOr<LearnedEmbedding> ReadEmbeddingFile(const std::filesystem::path& path,
                                                   EmbeddingFileOptions options) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  if (options.name.empty()) options.name = path.filename().string();
  const std::span<const std::byte> bytes = file->bytes();
  return ParseEmbeddingFile({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                            path.string(), options);
}

}  // namespace imprint
