// What identifies a base model: its weights, whatever files they came in.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

#include "base/sha256.h"
#include "engine/weights/named_tensors.h"

namespace imprint {

// SHA-256 over components' tensors. The digest depends on each component's name and on each
// tensor's name, type, shape and bytes, not on their order in a file or on how they are split into
// files.
class Fingerprint {
 public:
  // Components must be added in the same order every time.
  void Add(absl::string_view component, const NamedTensors& tensors);

  // 64 hexadecimal digits. The object must not be used afterwards.
  std::string HexDigest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
};

// SHA-256 of a tensor's elements in row-major order.
std::string TensorSha256(const at::Tensor& tensor);

}  // namespace imprint
