// The two hashes by which AUTOMATIC1111 tells embeddings apart.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "formats/learned_embedding.h"

namespace imprint {

// Returns its checksum of the values (textual_inversion.py, Embedding.checksum): "ab12". Older
// versions write it into infotexts.
std::string A1111Checksum(const LearnedEmbedding& embedding);

// Returns the "TI hashes" of its infotexts: the first 12 digits of the file's SHA-256.
std::string A1111FileHash(std::span<const std::byte> file);

}  // namespace imprint
