#include "orders/compute_options.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

// Returns what the caller's users call the option.
std::string FlagOf(FieldTable<ComputeOptions> rows, absl::string_view name) {
  const Field<ComputeOptions>* row = FindRow(rows, name);
  return std::string(row == nullptr || row->flag.empty() ? name : row->flag);
}

}  // namespace

ComputeChoice ComputeOptions::choice() const {
  return {device.value_or(ComputeDevice()), precision.value_or(Precision::kFp32)};
}

absl::Status SetDevice(absl::string_view field, absl::string_view name, ComputeOptions& options) {
  ASSIGN_OR_RETURN(options.device, ParseDevice(field, name));
  return absl::OkStatus();
}

absl::Status SetPrecision(absl::string_view field, absl::string_view name,
                          ComputeOptions& options) {
  ASSIGN_OR_RETURN(options.precision, ParsePrecision(field, name));
  return absl::OkStatus();
}

absl::Status CheckCompute(const ComputeOptions& options, FieldTable<ComputeOptions> rows) {
  RETURN_IF_ERROR(CheckFields(rows, options, "", FieldNaming::kByFlag));
  const ComputeChoice choice = options.choice();
  const bool on_processor = choice.device.kind == DeviceKind::kCpu;
  if (on_processor && options.device_memory_mb != 0) {
    const Field<ComputeOptions>* memory = FindRow(rows, "memory_mb");
    const bool has_other = memory != nullptr && !memory->flag.empty();
    return FieldError(
        FlagOf(rows, "device_memory_mb"), absl::StrCat(options.device_memory_mb),
        absl::StrCat("0 without a GPU",
                     has_other ? absl::StrCat(": ", memory->flag, " limits a processor's") : ""));
  }
  if (!options.cuda_graph) return absl::OkStatus();
  const std::string graph = FlagOf(rows, "cuda_graph");
  if (on_processor) return FieldError(graph, "true", "false without a GPU");
  // Loss scaling looks at every gradient before the next kernel starts.
  if (choice.precision == Precision::kFp16) {
    return FieldError(graph, "true",
                      "false in fp16, which looks at every gradient; bf16 needs no look");
  }
  return absl::OkStatus();
}

std::vector<Precision> PrecisionsWith(ComputeOptions options,
                                      const std::vector<Precision>& of_device) {
  std::vector<Precision> allowed;
  for (const Precision precision : of_device) {
    options.precision = precision;
    if (CheckCompute(options).ok()) allowed.push_back(precision);
  }
  return allowed;
}

nlohmann::json ToJson(const ComputeOptions& options) { return ToJson(kComputeFields, options); }

absl::StatusOr<ComputeOptions> ComputeOptionsFromJson(const JsonObject& json) {
  return FromJson(kComputeFields, json, MissingFields::kAreDefault);
}

}  // namespace imprint
