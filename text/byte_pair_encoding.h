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
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

namespace imprint {

// A vocabulary and its merges. Immutable; thread-safe.
class BytePairEncoding {
 public:
  // Reads a tokenizer's folder: vocab.json (token -> id) and merges.txt (one "left right" a line,
  // by rank); or, where there is no vocab.json, both from the tokenizer.json that newer
  // transformers write instead. INVALID_ARGUMENT, naming file and place, if they do not belong
  // together; NOT_FOUND if neither is there.
  static absl::StatusOr<BytePairEncoding> Load(const std::filesystem::path& folder);

  // Makes CLIP's own vocabulary of 49,408 entries: bytes, bytes at a word's end, merges, special
  // tokens, in that order.
  static absl::StatusOr<BytePairEncoding> Clip();

  // Appends the ids of one word (any bytes; the end-of-word mark is added here).
  // O(n log n) in the word's length.
  void EncodeWord(absl::string_view word, std::vector<int32_t>& ids) const;

  // Returns the id of a whole vocabulary entry such as "<|endoftext|>"; -1 if there is none.
  int32_t Find(absl::string_view entry) const;

  // Returns one more than the largest id.
  int32_t size() const { return size_; }

 private:
  struct Merge {
    int32_t rank;
    int32_t merged;
  };

  absl::Status ReadVocabulary(const nlohmann::json& vocabulary, const std::string& origin);
  // Adds an entry with the next free id.
  void AddEntry(std::string entry);
  // Looks up the entries of single bytes, which every other is made of.
  absl::Status FindByteEntries(const std::string& origin);
  absl::Status AddMerge(absl::string_view left, absl::string_view right, const std::string& origin);
  absl::Status ReadMergesFile(const std::filesystem::path& path);
  absl::Status ReadTokenizerJson(const std::filesystem::path& path);

  absl::flat_hash_map<std::string, int32_t> ids_;
  absl::flat_hash_map<std::pair<int32_t, int32_t>, Merge> merges_;
  // The id of each byte inside a word and at its end.
  int32_t byte_ids_[256] = {};
  int32_t last_byte_ids_[256] = {};
  int32_t size_ = 0;
};

}  // namespace imprint
