#include "engine/recipe/precision.h"

#include "base/field_error.h"

namespace imprint {

absl::string_view Name(Precision precision) {
  return precision == Precision::kBf16 ? "bf16" : "fp32";
}

absl::StatusOr<std::optional<Precision>> ParsePrecision(absl::string_view field,
                                                        absl::string_view name) {
  if (name == "auto") return std::nullopt;
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    if (name == Name(precision)) return precision;
  }
  return FieldError(field, Quoted(name), "auto, fp32 or bf16");
}

std::vector<std::string> NativePrecisions() {
  std::vector<std::string> names = {std::string(Name(Precision::kFp32))};
  if (AutoPrecision() != Precision::kFp32) {
    names.insert(names.begin(), std::string(Name(AutoPrecision())));
  }
  return names;
}

Precision AutoPrecision() {
  return __builtin_cpu_supports("avx512bf16") ? Precision::kBf16 : Precision::kFp32;
}

}  // namespace imprint
