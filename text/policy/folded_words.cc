#include "text/policy/folded_words.h"

#include <memory>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uspoof.h>

#include "text/unicode_text.h"

namespace imprint {
namespace {

// Default-ignorable characters, such as the soft hyphen, are inside a word: folding drops them.
bool IsOfWord(int32_t code_point) {
  return u_isalnum(code_point) != 0 || (U_GET_GC_MASK(code_point) & U_GC_M_MASK) != 0 ||
         u_hasBinaryProperty(code_point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
}

icu::UnicodeString CaseFolded(const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  // ICU owns the instance. These can only fail in an ICU built without its data.
  const icu::Normalizer2* const fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
  icu::UnicodeString folded = fold->normalize(text, error);
  return U_SUCCESS(error) ? folded : text;
}

icu::UnicodeString Skeleton(const icu::UnicodeString& folded) {
  static const USpoofChecker* const checker = [] {
    UErrorCode error = U_ZERO_ERROR;
    return uspoof_open(&error);
  }();
  icu::UnicodeString skeleton;
  UErrorCode error = U_ZERO_ERROR;
  uspoof_getSkeletonUnicodeString(checker, 0, folded, skeleton, &error);
  // A zero's skeleton is a capital O.
  return U_SUCCESS(error) ? CaseFolded(skeleton) : folded;
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string utf8;
  text.toUTF8String(utf8);
  return utf8;
}

icu::UnicodeString FromUtf8(absl::string_view text) {
  return icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())});
}

bool IsPlain(absl::string_view word) {
  return absl::c_all_of(word, [](char c) { return absl::ascii_isalpha(c); });
}

}  // namespace

std::vector<FoldedWord> FoldedWords(absl::string_view text) {
  std::vector<FoldedWord> words;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    if (!IsOfWord(NextCodePoint(text, at))) continue;
    size_t end = at;
    while (at < text.size() && IsOfWord(NextCodePoint(text, at))) end = at;
    at = end;
    const absl::string_view word = text.substr(begin, end - begin);
    FoldedWord& folded = words.emplace_back(FoldedWord{.begin = begin, .end = end});
    folded.is_disguised = !IsPlain(word);
    folded.text = folded.is_disguised ? SkeletonOf(word) : absl::AsciiStrToLower(word);
  }
  return words;
}

std::string SkeletonOf(absl::string_view word) {
  return ToUtf8(Skeleton(CaseFolded(FromUtf8(word))));
}

}  // namespace imprint
