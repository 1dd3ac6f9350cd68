// Reads files of torch.save before 1.6, and since then with _use_new_zipfile_serialization=False:
// five pickles in a row – a magic number, a version, the writer's machine, the value, the storages'
// keys – and then the storages, each preceded by its length.
#pragma once

#include <cstddef>
#include <span>

#include "absl/status/statusor.h"

#include "formats/torch_files/tensor_storages.h"

namespace imprint {

// Returns true for anything that begins like a binary pickle.
bool IsPickle(std::span<const std::byte> bytes);

// Reads the file. `bytes` must outlive the result. INVALID_ARGUMENT for a pickle of anything else,
// a big-endian machine's, storages that leave the file or are not those of the pickle, and what
// pickle_parser.h refuses.
absl::StatusOr<TorchContents> ReadLegacyTorchFile(std::span<const std::byte> bytes);

}  // namespace imprint
