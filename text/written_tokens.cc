#include "text/written_tokens.h"

#include <cstdint>

#include "absl/strings/match.h"

#include "text/unicode_text.h"

namespace imprint {
namespace {

bool IsWordCharacter(int32_t code_point) { return IsLetter(code_point) || IsNumber(code_point); }

int32_t CodePointBefore(absl::string_view text, size_t position) {
  do --position;
  while (position > 0 && (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80);
  return NextCodePoint(text, position);
}

int32_t CodePointAt(absl::string_view text, size_t position) {
  return NextCodePoint(text, position);
}

bool IsWordBoundary(absl::string_view text, size_t position) {
  return position == 0 || position == text.size() ||
         !IsWordCharacter(CodePointBefore(text, position)) ||
         !IsWordCharacter(CodePointAt(text, position));
}

}  // namespace

bool StandsApart(absl::string_view text, size_t begin, size_t size) {
  return IsWordBoundary(text, begin) && IsWordBoundary(text, begin + size);
}

const std::string* WrittenTokens::LongestAt(absl::string_view prompt, size_t position) const {
  const std::string* longest = nullptr;
  for (const std::string& token : tokens_) {
    const bool longer = token.size() > (longest == nullptr ? 0 : longest->size());
    if (longer && absl::StartsWithIgnoreCase(prompt.substr(position), token) &&
        StandsApart(prompt, position, token.size())) {
      longest = &token;
    }
  }
  return longest;
}

}  // namespace imprint
