// Any bytes as an embedding file: refused, or an embedding that is the same in our own layout.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "formats/embedding_files/a1111_hashes.h"
#include "formats/embedding_files/embedding_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = imprint::ParseEmbeddingFile({reinterpret_cast<const char*>(data), size}, "fuzz",
                                                {.name = "mia.pt"});
  if (!read.ok()) return 0;
  if (read->values.size() != static_cast<size_t>(read->vectors) * read->width) std::abort();
  if (imprint::A1111Checksum(*read).size() != 4) std::abort();
  const auto again = imprint::ParseLearnedEmbedding(SerializeLearnedEmbedding(*read), "again");
  if (!again.ok() || again->values != read->values || again->token != read->token) std::abort();
  return 0;
}
