// The safetensors file format (https://github.com/huggingface/safetensors): a JSON header that
// names tensors, then their bytes. Reading maps the file and copies nothing; every length and
// offset is checked before it is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "base/mapped_file.h"
#include "formats/dtype.h"

namespace imprint {

// A named tensor whose bytes (row-major, little-endian) belong to somebody else.
struct TensorView {
  DType type;
  std::vector<int64_t> shape;
  // Not necessarily aligned to the element type.
  std::span<const std::byte> data;
};

// Returns a description such as "F32 [2, 768]".
std::string Describe(const TensorView& tensor);

using TensorViews = std::map<std::string, TensorView, std::less<>>;
using TensorMetadata = std::map<std::string, std::string, std::less<>>;

// An open file. Immutable; its views live as long as the file or a copy of it. Thread-safe.
class SafetensorsFile {
 public:
  // Opens a file. INVALID_ARGUMENT, naming path and tensor, for a header that violates the format:
  // longer than the file, no JSON, an unknown type, a shape whose product overflows, offsets that
  // leave the file, overlap, leave gaps or disagree with the shape. NOT_FOUND etc. if it cannot be
  // opened.
  static absl::StatusOr<SafetensorsFile> Open(const std::filesystem::path& path);

  // Returns the path as it was given to Open.
  const std::string& path() const { return path_; }
  const TensorViews& tensors() const { return tensors_; }
  const TensorMetadata& metadata() const { return metadata_; }

 private:
  std::string path_;
  std::shared_ptr<const MappedFile> file_;
  TensorViews tensors_;
  TensorMetadata metadata_;
};

// Does what SafetensorsFile::Open does, for bytes in memory; `origin` is what errors call them. On
// success `tensors` point into `bytes`.
absl::Status ParseSafetensors(std::span<const std::byte> bytes, absl::string_view origin,
                              TensorViews& tensors, TensorMetadata& metadata);

// Returns the bytes of a file with these tensors, in the order of their names. Deterministic: the
// same input gives the same bytes.
std::string SerializeSafetensors(const TensorViews& tensors, const TensorMetadata& metadata);

}  // namespace imprint
