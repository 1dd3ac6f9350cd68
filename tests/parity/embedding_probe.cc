// Our side of test_embedding_files.py: reads an embedding file of any tool and writes it again.
//   embedding_probe FILE OUT LAYOUT [TOKEN]
#include <iostream>
#include <string>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "formats/embedding_files/a1111_hashes.h"
#include "formats/embedding_files/embedding_file.h"
#include "imaging/decode.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const auto embedding = imprint::ReadEmbeddingFile(
      argv[1], {.token = argc > 4 ? argv[4] : "", .decode_picture = imprint::DecodePixels});
  if (!embedding.ok()) {
    std::cerr << embedding.status().message() << "\n";
    return 1;
  }
  for (const std::string& remark : embedding->remarks) std::cerr << remark << "\n";
  const auto layout = imprint::ParseEmbeddingLayout("LAYOUT", argv[3]);
  if (!layout.ok()) return 2;
  const std::string file = SerializeLearnedEmbedding(*embedding, *layout);
  std::cout << embedding->token << "\n"
            << imprint::A1111Checksum(*embedding) << "\n"
            << imprint::A1111FileHash(std::as_bytes(std::span(file))) << "\n";
  return imprint::WriteFileAtomically(argv[2], file).ok() ? 0 : 1;
}
