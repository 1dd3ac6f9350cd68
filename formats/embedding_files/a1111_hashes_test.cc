#include "formats/embedding_files/a1111_hashes.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

// Expected values from the Python that AUTOMATIC1111 runs:
//   r = (r * 281 ^ int(v) * 997) & 0xFFFFFFFF for v in tensor.reshape(-1) * 100
std::string Checksum(const std::vector<float>& values) {
  return A1111Checksum({.token = "x", .values = values});
}

TEST(A1111Checksum, IsThatOfPython) {
  EXPECT_EQ(Checksum({}), "0000");
  EXPECT_EQ(Checksum({0.01F, 0.5F, 1}), "64fb");
  EXPECT_EQ(Checksum({-0.013F, 0.299F, -1.5F, 2.25F}), "3c15");
  EXPECT_EQ(Checksum({123456789.0F, -98765432.0F, 7}), "a22c");
}

TEST(A1111FileHash, IsTheHeadOfTheFilesHash) {
  EXPECT_EQ(A1111FileHash(std::as_bytes(std::span("abc", 3))), "ba7816bf8f01");
}

}  // namespace
}  // namespace imprint
