// How a process computes: on which device, in what numbers, and what it may take of the machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

#include "base/json_object.h"
#include "orders/compute_choice.h"
#include "orders/field_table.h"

namespace imprint {

// A plain value; CheckCompute says which combinations there are. kComputeFields describes each
// option.
struct ComputeOptions {
  // Not set means "auto", for the program to choose.
  std::optional<ComputeDevice> device;
  std::optional<Precision> precision = Precision::kFp32;
  int threads = 0;
  int memory_mb = 0;
  int device_memory_mb = 0;
  // Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost".
  bool gradient_checkpointing = false;
  bool cuda_graph = false;

  // Returns what a model computes in: the processor and fp32 where nothing was chosen.
  ComputeChoice choice() const;

  bool operator==(const ComputeOptions&) const = default;
};

// Set the device and the precision by name; "auto" is none. INVALID_ARGUMENT naming `field`.
absl::Status SetDevice(absl::string_view field, absl::string_view name, ComputeOptions& options);
absl::Status SetPrecision(absl::string_view field, absl::string_view name, ComputeOptions& options);

inline constexpr Field<ComputeOptions> kComputeRows[] = {
    {.name = "device",
     .flag = "device",
     .member =
         NamedMember<ComputeOptions>{
             [](const ComputeOptions& options) { return NameOrAuto(options.device); }, SetDevice},
     .expected = "auto, cpu, cuda or cuda:N",
     .help = "Device to compute on: cpu, cuda, cuda:N, or auto: a GPU if there is one"},
    {.name = "precision",
     .flag = "precision",
     .member = NamedMember<ComputeOptions>{[](const ComputeOptions& options) {
                                             return std::string(options.precision
                                                                    ? Name(*options.precision)
                                                                    : "auto");
                                           },
                                           SetPrecision},
     .expected = "fp32, bf16, fp16 or auto",
     .help = "fp32, bf16, fp16, or auto: the fastest that the device has"},
    {.name = "threads",
     .flag = "threads",
     .member = &ComputeOptions::threads,
     .range = {.least = 0, .most = 1024},
     .help = "Threads to compute with; 0 is one a processor"},
    {.name = "memory_mb",
     .flag = "memory-mb",
     .member = &ComputeOptions::memory_mb,
     .range = {.least = 0, .most = 1 << 24},
     .help = "MiB of memory that a process on a processor may take; 0 is no limit"},
    {.name = "device_memory_mb",
     .flag = "device-memory-mb",
     .member = &ComputeOptions::device_memory_mb,
     .range = {.least = 0, .most = 1 << 24},
     .help = "MiB of a GPU's memory that a process's tensors may take; 0 is all there is"},
    {.name = "gradient_checkpointing",
     .flag = "gradient-checkpointing",
     .member = &ComputeOptions::gradient_checkpointing,
     .help = "Keep less on the way to a gradient and compute it again: a fraction of the memory, a "
             "third more time, the same result"},
    {.name = "cuda_graph",
     .flag = "cuda-graph",
     .member = &ComputeOptions::cuda_graph,
     .help = "On a GPU, start each batch's kernels as one recorded graph; not in fp16"},
};
inline constexpr FieldTable<ComputeOptions> kComputeFields = kComputeRows;

// The flags of imprint-rank: the precision is each training's own.
inline constexpr auto kRankComputeRows = WithFlags(kComputeRows, {{"precision", ""}});

// The only place that says which options go together; a device that is not chosen yet counts as the
// processor. Returns INVALID_ARGUMENT if an option is out of its range, or if the device or another
// option excludes it: a processor has no device memory and records no graphs, and graphs are not
// recorded in fp16. The error names the option's flag in `rows`, or the option if it has none
// there.
absl::Status CheckCompute(const ComputeOptions& options,
                          FieldTable<ComputeOptions> rows = kComputeFields);

// Returns those of a device's precisions that CheckCompute allows with these options.
std::vector<Precision> PrecisionsWith(ComputeOptions options,
                                      const std::vector<Precision>& of_device);

// Convert the options to an object, and back; the defaults stand for what is not there.
nlohmann::json ToJson(const ComputeOptions& options);
absl::StatusOr<ComputeOptions> ComputeOptionsFromJson(const JsonObject& json);

}  // namespace imprint
