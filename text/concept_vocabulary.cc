#include "text/concept_vocabulary.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "text/clip_tokenizer.h"
#include "text/unicode_text.h"
#include "text/word_boundary.h"

namespace imprint {
namespace {

constexpr absl::string_view kExpected = "a new word such as \"<mia>\"";

bool HasSpaceOrControl(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const int32_t code_point = NextCodePoint(text, i);
    if (IsSpace(code_point) || code_point < 0x20 || code_point == 0x7F) return true;
  }
  return false;
}

}  // namespace

absl::Status ConceptVocabulary::Add(absl::string_view token, int vectors,
                                    const ClipTokenizer& tokenizer) {
  const auto refuse = [&](absl::string_view expected) {
    return FieldError("token", Quoted(token), expected);
  };
  if (token.empty()) return refuse(kExpected);
  if (token.size() > kMaxTokenBytes) {
    return refuse(absl::StrCat("at most ", kMaxTokenBytes, " bytes"));
  }
  if (!IsUtf8(token)) return refuse("UTF-8");
  if (HasSpaceOrControl(token)) {
    return refuse("one word without spaces or control characters, such as \"<mia>\"");
  }
  if (absl::StrContains(token, "<|")) return refuse(absl::StrCat(kExpected, " without \"<|\""));
  const std::string normalized = NormalizeForClip(token);
  for (const Entry& entry : entries_) {
    if (entry.normalized == normalized) {
      return refuse(absl::StrCat("a token of its own; ", Quoted(entry.token), " is taken"));
    }
  }
  if (tokenizer.IsKnownWord(normalized)) {
    return refuse(absl::StrCat(kExpected, "; this one is already in the model's vocabulary"));
  }

  std::vector<size_t>& bucket = by_first_byte_[normalized[0]];
  bucket.push_back(entries_.size());
  entries_.push_back({std::string(token), normalized, rows_, vectors});
  written_.Add(std::string(token));
  rows_ += vectors;
  std::sort(bucket.begin(), bucket.end(), [this](size_t a, size_t b) {
    return entries_[a].normalized.size() > entries_[b].normalized.size();
  });
  return absl::OkStatus();
}

const ConceptVocabulary::Entry* ConceptVocabulary::Match(absl::string_view text,
                                                         size_t position) const {
  const auto bucket = by_first_byte_.find(text[position]);
  if (bucket == by_first_byte_.end()) return nullptr;
  for (const size_t index : bucket->second) {
    const Entry& entry = entries_[index];
    if (absl::StartsWith(text.substr(position), entry.normalized) &&
        StandsApart(text, position, entry.normalized.size())) {
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace imprint
