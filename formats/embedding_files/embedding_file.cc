#include "formats/embedding_files/embedding_file.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "formats/embedding_files/embedding_choice.h"
#include "formats/embedding_files/pixel_payload.h"
#include "formats/embedding_files/png_text.h"
#include "formats/embedding_files/torch_embedding.h"
#include "formats/embedding_files/webui_json.h"
#include "formats/safetensors.h"
#include "formats/torch_files/torch_file.h"

namespace imprint {
namespace {

// What people have in hand when a download went wrong.
struct NoEmbedding {
  absl::string_view begin;
  absl::string_view what;
};
constexpr absl::string_view kArchive = "a packed file; unpack it first";
constexpr std::array kNoEmbeddings = {
    NoEmbedding{"version https://git-lfs", "a Git LFS pointer in place of the file"},
    NoEmbedding{"<!DOCTYPE", "a web page"},
    NoEmbedding{"<!doctype", "a web page"},
    NoEmbedding{"<html", "a web page"},
    NoEmbedding{"7z\xBC\xAF\x27\x1C", kArchive},
    NoEmbedding{"Rar!", kArchive},
    NoEmbedding{"\x1F\x8B", kArchive},  // gzip
    NoEmbedding{"\xFD"
                "7zXZ",
                kArchive},                      // xz
    NoEmbedding{"\x28\xB5\x2F\xFD", kArchive},  // zstd
    NoEmbedding{"BZh", kArchive},
};

// Pictures that AUTOMATIC1111 reads or people save.
constexpr std::array kPictures = {
    absl::string_view("\x89PNG"),  absl::string_view("\xff\xd8\xff"),      // PNG, JPEG
    absl::string_view("RIFF"),     absl::string_view("GIF8"),              // WebP, GIF
    absl::string_view("\xff\x0a"), absl::string_view("\0\0\0\x0cJXL", 7),  // JPEG XL
};

bool IsPicture(absl::string_view bytes) {
  return std::any_of(kPictures.begin(), kPictures.end(),
                     [&](absl::string_view begin) { return absl::StartsWith(bytes, begin); }) ||
         // AVIF and HEIC.
         (bytes.size() > 12 && bytes.substr(4, 4) == "ftyp");
}

absl::Status RefuseOtherFiles(absl::string_view bytes) {
  if (bytes.empty()) return FieldError("file", "0 bytes", "an embedding");
  for (const NoEmbedding& known : kNoEmbeddings) {
    if (absl::StartsWith(bytes, known.begin)) {
      return FieldError("file", known.what, "an embedding: .safetensors, .pt or .bin");
    }
  }
  // A tar's mark stands behind its first file's header, at byte 257.
  if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar") {
    return FieldError("file", kArchive, "an embedding: .safetensors, .pt or .bin");
  }
  return absl::OkStatus();
}

// 75 vectors of 1,024 numbers, written out in decimal digits, take about 2 MB.
constexpr size_t kMaxPictureText = 8 << 20;

// As AUTOMATIC1111's web UI looks for it: in a PNG's text, else in the pixels.
absl::StatusOr<LearnedEmbedding> ReadPicture(std::span<const std::byte> bytes,
                                             const EmbeddingFileOptions& options) {
  ASSIGN_OR_RETURN(const auto text, TextOfPng(bytes, "sd-ti-embedding", kMaxPictureText));
  if (text) {
    std::string json;
    if (!absl::Base64Unescape(*text, &json)) {
      return FieldError("text \"sd-ti-embedding\"", "no base64", "AUTOMATIC1111's embedding");
    }
    return ParseWebUiJson(json, options.token);
  }
  const auto picture =
      options.decode_picture ? options.decode_picture(bytes) : absl::StatusOr<RgbImage>(RgbImage());
  if (picture.ok()) {
    if (const auto json = PayloadInPixels(*picture, kMaxPictureText)) {
      return ParseWebUiJson(*json, options.token);
    }
  }
  return FieldError(
      "file",
      options.decode_picture ? "a picture without an embedding in its texts or its pixels"
                             : "a picture without AUTOMATIC1111's text \"sd-ti-embedding\"",
      "an embedding: .safetensors, .pt or .bin. If AUTOMATIC1111 takes this picture for one, save "
      "it there as .pt; a picture that was resized or saved as JPEG has lost it");
}

// A safetensors header's length can look like the first bytes of a pickle, but not its brace.
bool IsSafetensors(absl::string_view bytes) { return bytes.size() > 8 && bytes[8] == '{'; }

// AUTOMATIC1111's rule: the name without its last extension.
std::string Stem(const std::string& name) { return std::filesystem::path(name).stem().string(); }

absl::StatusOr<LearnedEmbedding> ReadSafetensors(std::span<const std::byte> bytes,
                                                 const std::string& origin,
                                                 const EmbeddingFileOptions& options) {
  TensorViews tensors;
  TensorMetadata metadata;
  RETURN_IF_ERROR(ParseSafetensors(bytes, origin, tensors, metadata));
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  RETURN_IF_ERROR(InContext(origin, RefuseForeignFile(names)));
  std::vector<std::string> remarks;
  RETURN_IF_ERROR(InContext(origin, SetOutputVectorsAside(names, remarks)));
  const auto name = ChooseEmbedding(names, options.token);
  if (!name.ok()) return InContext(origin, name.status());
  auto embedding = EmbeddingFromTensor(*name, tensors.at(*name));
  if (!embedding.ok()) return InContext(origin, embedding.status());
  embedding->remarks = std::move(remarks);
  // The word that a file of ours was made for counts as long as its tensor's name or its own
  // agrees: one that was renamed has the word that it was renamed to.
  const std::string written = WrittenToken(metadata);
  const bool agrees =
      IsLayoutName(*name)
          ? options.name.empty() || EmbeddingKey(Stem(options.name)) == EmbeddingFileStem(written)
          : EmbeddingKey(written) == *name;
  if (!written.empty() && agrees) embedding->token = written;
  KeepProvenance(std::move(metadata), *embedding);
  return embedding;
}

}  // namespace

absl::StatusOr<LearnedEmbedding> ParseEmbeddingFile(absl::string_view bytes,
                                                    const std::string& origin,
                                                    const EmbeddingFileOptions& options) {
  if (!IsSafetensors(bytes)) RETURN_IF_ERROR(InContext(origin, RefuseOtherFiles(bytes)));
  const auto data = std::as_bytes(std::span(bytes.data(), bytes.size()));
  LearnedEmbedding embedding;
  bool named_by_file = false;
  if (IsPicture(bytes) && !IsSafetensors(bytes)) {
    auto read = ReadPicture(data, options);
    if (!read.ok()) return InContext(origin, read.status());
    embedding = *std::move(read);
    named_by_file = embedding.token.empty();
  } else if (!IsSafetensors(bytes) && TorchFile::IsOne(data)) {
    auto read = ReadTorchEmbedding(data, options.token);
    if (!read.ok()) return InContext(origin, read.status());
    embedding = std::move(read->embedding);
    named_by_file = read->named_by_file;
  } else {
    ASSIGN_OR_RETURN(embedding, ReadSafetensors(data, origin, options));
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
