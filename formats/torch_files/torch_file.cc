#include "formats/torch_files/torch_file.h"

#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/torch_files/legacy_torch_file.h"
#include "formats/torch_files/torch_zip.h"

namespace imprint {
namespace {

// Returns how many numbers of its storage lie from the tensor's first to its last; 0 for an empty
// tensor. A stranger's strides may overflow.
absl::StatusOr<uint64_t> Span(const PickledTensor& tensor) {
  int64_t last = 0;
  bool fits = true;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] == 0) return 0;
    int64_t reach = 0;
    fits &= !__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach);
    fits &= !__builtin_add_overflow(last, reach, &last);
  }
  int64_t end = 0;
  fits &= !__builtin_add_overflow(last, tensor.offset, &end);
  if (!fits || end >= tensor.storage.elements) {
    return FieldError(
        "strides",
        absl::StrCat("[", absl::StrJoin(tensor.strides, ", "), "] from number ", tensor.offset,
                     " on, of shape [", absl::StrJoin(tensor.shape, ", "), "]"),
        absl::StrCat("to stay within its storage of ", tensor.storage.elements));
  }
  return static_cast<uint64_t>(last) + 1;
}

// Copies numbers out of `from`, which begins at the tensor's first, in row-major order.
std::string Gather(const PickledTensor& tensor, const std::string& from) {
  const size_t element = ElementSize(tensor.storage.type);
  const size_t dimensions = tensor.shape.size();
  size_t count = 1;
  for (const int64_t extent : tensor.shape) count *= static_cast<size_t>(extent);
  std::string values(count * element, '\0');
  std::vector<int64_t> index(dimensions, 0);
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(values.data() + i * element, from.data() + at * element, element);
    for (size_t d = dimensions; d-- > 0;) {
      at += static_cast<size_t>(tensor.strides[d]);
      if (++index[d] < tensor.shape[d]) break;
      at -= static_cast<size_t>(tensor.strides[d]) * static_cast<size_t>(tensor.shape[d]);
      index[d] = 0;
    }
  }
  return values;
}

}  // namespace

bool TorchFile::IsOne(std::span<const std::byte> bytes) { return IsZip(bytes) || IsPickle(bytes); }

absl::StatusOr<TorchFile> TorchFile::Parse(std::span<const std::byte> bytes) {
  ASSIGN_OR_RETURN(TorchContents contents,
                   IsZip(bytes) ? ReadTorchZip(bytes) : ReadLegacyTorchFile(bytes));
  return TorchFile(std::move(contents));
}

absl::StatusOr<std::string> TorchFile::Read(const PickledTensor& tensor) {
  ASSIGN_OR_RETURN(const uint64_t span, Span(tensor));
  if (span == 0) return std::string();
  const uint64_t element = ElementSize(tensor.storage.type);
  // The shape is bounded by the caller, but strides can spread a few numbers over gigabytes.
  if (span > kMaxTensorSpan / element) {
    return FieldError("strides", absl::StrCat("numbers spread over ", span, " others"),
                      absl::StrCat("at most ", kMaxTensorSpan / element));
  }
  ASSIGN_OR_RETURN(
      const std::string bytes,
      contents_.storages->Read(tensor.storage, static_cast<uint64_t>(tensor.offset) * element,
                               span * element));
  return Gather(tensor, bytes);
}

}  // namespace imprint
