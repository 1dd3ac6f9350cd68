#include "orders/precision.h"

#include "base/field_error.h"

namespace imprint {

absl::string_view Name(Precision precision) {
  switch (precision) {
    case Precision::kBf16:
      return "bf16";
    case Precision::kFp16:
      return "fp16";
    case Precision::kFp32:
      break;
  }
  return "fp32";
}

absl::StatusOr<std::optional<Precision>> ParsePrecision(absl::string_view field,
                                                        absl::string_view name) {
  if (name == "auto") return std::nullopt;
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kFp16}) {
    if (name == Name(precision)) return precision;
  }
  return FieldError(field, Quoted(name), "auto, fp32, bf16 or fp16");
}

}  // namespace imprint
