#include "formats/float_values.h"

#include <cstdint>
#include <cstring>

#include "formats/half.h"

namespace imprint {
namespace {

// `convert` of each stored element.
template <typename Stored, typename Convert>
void ReadAs(const TensorView& tensor, size_t first, std::span<float> values, Convert convert) {
  const std::byte* data = tensor.data.data() + first * sizeof(Stored);
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(stored);
  }
}

}  // namespace

bool IsFloatingPoint(DType type) {
  switch (type) {
    case DType::kF64:
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
    case DType::kF8E4M3:
    case DType::kF8E5M2:
      return true;
    default:
      return false;
  }
}

void ReadFloats(const TensorView& tensor, size_t first, std::span<float> values) {
  switch (tensor.type) {
    case DType::kF64:
      ReadAs<double>(tensor, first, values, [](double value) { return static_cast<float>(value); });
      break;
    case DType::kF32:
      ReadAs<float>(tensor, first, values, [](float value) { return value; });
      break;
    case DType::kF16:
      ReadAs<uint16_t>(tensor, first, values, FloatFromHalf);
      break;
    case DType::kBF16:
      ReadAs<uint16_t>(tensor, first, values, FloatFromBFloat16);
      break;
    case DType::kF8E4M3:
      ReadAs<uint8_t>(tensor, first, values, FloatFromF8E4M3);
      break;
    case DType::kF8E5M2:
      ReadAs<uint8_t>(tensor, first, values, FloatFromF8E5M2);
      break;
    default:
      break;
  }
}

}  // namespace imprint
