#include "engine/weights/fingerprint.h"

#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace imprint {
namespace {

std::span<const std::byte> Bytes(const at::Tensor& contiguous) {
  return {static_cast<const std::byte*>(contiguous.const_data_ptr()), contiguous.nbytes()};
}

}  // namespace

void Fingerprint::Add(absl::string_view component, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) {
    hash_.Update(absl::StrCat(component, "/", name, " ", c10::toString(tensor.scalar_type()), " [",
                              absl::StrJoin(tensor.sizes(), ","), "]\n"));
    hash_.Update(Bytes(tensor.contiguous()));
  }
}

std::string TensorSha256(const at::Tensor& tensor) {
  const at::Tensor contiguous = tensor.cpu().contiguous();
  return Sha256Hex(Bytes(contiguous));
}

}  // namespace imprint
