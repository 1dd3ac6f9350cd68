// SHA-256 (FIPS 180-4), by which files, weights and pictures are named.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

struct evp_md_ctx_st;

namespace imprint {

// Hashes bytes as they come. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::span<const std::byte> bytes);
  void Update(absl::string_view text);

  // Returns 64 lower-case hexadecimal digits. The object must not be used afterwards.
  std::string HexDigest();

 private:
  struct FreeContext {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, FreeContext> context_;
};

// Returns whether the text has HexDigest's form: 64 digits of 0-9 and a-f.
bool IsSha256Hex(absl::string_view text);

// Returns the digest of one piece of data.
std::string Sha256Hex(std::span<const std::byte> bytes);
std::string Sha256Hex(absl::string_view text);

}  // namespace imprint
