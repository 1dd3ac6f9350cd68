// Reads files of torch.save since 1.6: a zip with data.pkl, one file for each storage, and the
// writer's byte order.
#pragma once

#include <cstddef>
#include <span>

#include "absl/status/statusor.h"

#include "formats/torch_files/tensor_storages.h"

namespace imprint {

// Returns true for anything that begins like a zip.
bool IsZip(std::span<const std::byte> bytes);

// Reads the zip. `bytes` must outlive the result. INVALID_ARGUMENT for a zip that is damaged,
// encrypted or compressed in an unusual way, has a name twice or no single data.pkl, was written on
// a big-endian machine, or whose pickle is refused (pickle_parser.h).
absl::StatusOr<TorchContents> ReadTorchZip(std::span<const std::byte> bytes);

}  // namespace imprint
