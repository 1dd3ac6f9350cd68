// Reads what torch.save wrote, without Python: a value, and the tensors that it holds.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/statusor.h"

#include "formats/torch_files/tensor_storages.h"

namespace imprint {

// The most bytes between a tensor's first and last number: a bound on memory, far above any
// embedding's.
inline constexpr size_t kMaxTensorSpan = 64 << 20;

// Movable; not thread-safe.
class TorchFile {
 public:
  // Returns true for what begins like a zip or a pickle.
  static bool IsOne(std::span<const std::byte> bytes);

  // Parses either container. `bytes` must outlive the file. INVALID_ARGUMENT as torch_zip.h and
  // legacy_torch_file.h say.
  static absl::StatusOr<TorchFile> Parse(std::span<const std::byte> bytes);

  const PickleValue& root() const { return *contents_.pickle.root; }

  // Returns the tensor's numbers, row-major and without gaps, whatever its strides are. The caller
  // must have bounded its shape, which determines the size of the result. INVALID_ARGUMENT if it
  // leaves its storage or spreads over more than kMaxTensorSpan.
  absl::StatusOr<std::string> Read(const PickledTensor& tensor);

 private:
  explicit TorchFile(TorchContents contents) : contents_(std::move(contents)) {}

  TorchContents contents_;
};

}  // namespace imprint
