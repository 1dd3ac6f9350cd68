#include "formats/torch_files/pickle_globals.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace imprint {
namespace {

struct Row {
  absl::string_view module;
  absl::string_view name;
  PickleGlobalKind kind;
  DType type = DType::kU8;
};

using Kind = PickleGlobalKind;

constexpr std::array kGlobals = {
    Row{"collections", "OrderedDict", Kind::kOrderedDict},
    Row{"__builtin__", "set", Kind::kSet},  // how Python 3 writes protocol 2
    Row{"builtins", "set", Kind::kSet},
    Row{"torch._utils", "_rebuild_tensor", Kind::kRebuildTensor},
    Row{"torch._utils", "_rebuild_tensor_v2", Kind::kRebuildTensor},
    Row{"torch._utils", "_rebuild_parameter", Kind::kRebuildParameter},
    Row{"torch._utils", "_rebuild_parameter_with_state", Kind::kRebuildParameter},
    Row{"torch.nn.parameter", "Parameter", Kind::kParameter},
    Row{"torch.nn.modules.container", "ParameterDict", Kind::kParameterDict},
    Row{"torch", "Size", Kind::kSize},
    Row{"torch", "device", Kind::kDevice},
    Row{"torch", "FloatStorage", Kind::kStorage, DType::kF32},
    Row{"torch", "HalfStorage", Kind::kStorage, DType::kF16},
    Row{"torch", "BFloat16Storage", Kind::kStorage, DType::kBF16},
    Row{"torch", "DoubleStorage", Kind::kStorage, DType::kF64},
    Row{"torch", "LongStorage", Kind::kStorage, DType::kI64},
    Row{"torch", "IntStorage", Kind::kStorage, DType::kI32},
    Row{"torch", "ShortStorage", Kind::kStorage, DType::kI16},
    Row{"torch", "CharStorage", Kind::kStorage, DType::kI8},
    Row{"torch", "ByteStorage", Kind::kStorage, DType::kU8},
    Row{"torch", "BoolStorage", Kind::kStorage, DType::kBool},
};

}  // namespace

std::optional<PickleGlobal> FindPickleGlobal(absl::string_view module, absl::string_view name) {
  for (size_t row = 0; row < kGlobals.size(); ++row) {
    if (kGlobals[row].module == module && kGlobals[row].name == name) {
      return PickleGlobal{kGlobals[row].kind, row};
    }
  }
  return std::nullopt;
}

std::string Name(const PickleGlobal& global) {
  return absl::StrCat(kGlobals[global.row].module, ".", kGlobals[global.row].name);
}

DType StorageType(const PickleGlobal& global) { return kGlobals[global.row].type; }

}  // namespace imprint
