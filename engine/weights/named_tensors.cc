#include "engine/weights/named_tensors.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/forget_pages.h"
#include "base/status_macros.h"
#include "formats/float_values.h"

namespace imprint::engine {
namespace {

std::optional<at::ScalarType> ScalarTypeOf(DType type) {
  switch (type) {
    case DType::kF32:
      return at::kFloat;
    case DType::kF16:
      return at::kHalf;
    case DType::kBF16:
      return at::kBFloat16;
    case DType::kF8E4M3:
      return at::kFloat8_e4m3fn;
    case DType::kF8E5M2:
      return at::kFloat8_e5m2;
    case DType::kF64:
      return at::kDouble;
    case DType::kI64:
      return at::kLong;
    case DType::kI32:
      return at::kInt;
    case DType::kU8:
      return at::kByte;
    default:
      return std::nullopt;
  }
}

}  // namespace

absl::StatusOr<NamedTensors> TensorsOf(const TensorViews& views, std::shared_ptr<const void> owner,
                                       absl::string_view origin) {
  NamedTensors tensors;
  for (const auto& [name, view] : views) {
    const std::optional<at::ScalarType> type = ScalarTypeOf(view.type);
    if (!type) {
      return FieldError(absl::StrCat(origin, ": tensor ", Quoted(name), ": dtype"), Name(view.type),
                        absl::StrCat(kFloatingPointTypes, " weights"));
    }
    // LibTorch wants elements at addresses that their type allows; a file may have them anywhere.
    const bool aligned =
        reinterpret_cast<uintptr_t>(view.data.data()) % ElementSize(view.type) == 0;
    auto* data = const_cast<std::byte*>(view.data.data());
    if (aligned) {
      // The view keeps the file mapped. When it goes, so do its pages: file and model are never in
      // memory at once.
      tensors[name] = at::from_blob(
          data, view.shape, [owner, bytes = view.data](void*) { ForgetPages(bytes); }, *type);
    } else {
      const auto bytes = static_cast<int64_t>(view.data.size());
      tensors[name] = at::from_blob(data, {bytes}, at::kByte).clone().view(*type).view(view.shape);
      ForgetPages(view.data);
    }
  }
  return tensors;
}

absl::StatusOr<NamedTensors> MapWeights(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(SafetensorsFile opened, SafetensorsFile::Open(path));
  const auto file = std::make_shared<const SafetensorsFile>(std::move(opened));
  return TensorsOf(file->tensors(), file, path.string());
}

}  // namespace imprint::engine
