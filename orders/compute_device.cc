#include "orders/compute_device.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "base/field_error.h"

namespace imprint {
namespace {

constexpr int kMostGpus = 1024;

}  // namespace

ComputeDevice DeviceOfRank(const ComputeDevice& first, int rank) {
  return {first.kind, first.kind == DeviceKind::kCpu ? 0 : first.index + rank};
}

absl::string_view Name(DeviceKind kind) { return kind == DeviceKind::kCpu ? "cpu" : "cuda"; }

std::string Name(const ComputeDevice& device) {
  return device.kind == DeviceKind::kCpu ? "cpu" : absl::StrCat("cuda:", device.index);
}

std::string NameOrAuto(const std::optional<ComputeDevice>& device) {
  return device ? Name(*device) : "auto";
}

absl::StatusOr<std::optional<ComputeDevice>> ParseDevice(absl::string_view field,
                                                         absl::string_view name) {
  if (name == "auto") return std::nullopt;
  if (name == "cpu") return ComputeDevice();
  if (name == "cuda") return ComputeDevice{DeviceKind::kCuda, 0};
  absl::string_view number = name;
  int index = 0;
  if (absl::ConsumePrefix(&number, "cuda:") && absl::SimpleAtoi(number, &index) &&
      absl::StrCat(index) == number && index >= 0 && index < kMostGpus) {
    return ComputeDevice{DeviceKind::kCuda, index};
  }
  return FieldError(field, Quoted(name), "auto, cpu, cuda or cuda:N");
}

}  // namespace imprint
