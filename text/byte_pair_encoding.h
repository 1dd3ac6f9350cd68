// Byte-level byte-pair encoding with CLIP's vocabulary (Sennrich et al. 2016, "Neural Machine
// Translation of Rare Words with Subword Units"; Radford et al. 2019 for bytes as the base
// alphabet).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

// A vocabulary and its merges. Immutable; thread-safe.
class BytePairEncoding {
 public:
  // Reads vocab.json (token -> id) and merges.txt (one "left right" a line, by rank).
  // INVALID_ARGUMENT, naming file and line, if they do not belong together.
  static absl::StatusOr<BytePairEncoding> Load(const std::filesystem::path& vocabulary,
                                               const std::filesystem::path& merges);

  // Appends the ids of one word (any bytes; the end-of-word mark is added here).
  // O(n log n) in the word's length.
  void EncodeWord(absl::string_view word, std::vector<int32_t>& ids) const;

  // The id of a whole vocabulary entry such as "<|endoftext|>"; -1 if there is none.
  int32_t Find(absl::string_view entry) const;

  // One more than the largest id.
  int32_t size() const { return size_; }

 private:
  struct Merge {
    int32_t rank;
    int32_t merged;
  };

  absl::flat_hash_map<std::string, int32_t> ids_;
  absl::flat_hash_map<std::pair<int32_t, int32_t>, Merge> merges_;
  // The id of each byte inside a word and at its end.
  int32_t byte_ids_[256] = {};
  int32_t last_byte_ids_[256] = {};
  int32_t size_ = 0;
};

}  // namespace imprint
