// Reads the numbers of a torch file's tensors, which its two containers store differently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "formats/torch_files/pickle_parser.h"
#include "formats/torch_files/pickle_value.h"

namespace imprint {

// Immutable; not thread-safe.
class TensorStorages {
 public:
  virtual ~TensorStorages() = default;

  // Returns `size` bytes of a storage from byte `begin` on; the caller must have checked them
  // against the size that the pickle gives. INVALID_ARGUMENT if the file has no such storage, or
  // one of another size.
  virtual absl::StatusOr<std::string> Read(const PickledStorage& storage, uint64_t begin,
                                           uint64_t size) = 0;
};

// The content of one container.
struct TorchContents {
  Pickle pickle;
  std::unique_ptr<TensorStorages> storages;
};

}  // namespace imprint
