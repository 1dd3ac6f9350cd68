#include "text/unicode_text.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "text/newer_unicode.h"

namespace imprint {
namespace {

// Composes as of Unicode 9 and leaves later characters as they are: what Hugging Face's tokenizers
// do, and so what every model of the field was trained and is used with.
const icu::Normalizer2& Nfc() {
  static const icu::FilteredNormalizer2* const nfc = [] {
    // ICU owns its instance. Both calls can only fail in an ICU built without its data.
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* all = icu::Normalizer2::getNFCInstance(error);
    auto* known = new icu::UnicodeSet(u"[:age=9.0:]", error);
    if (U_FAILURE(error)) std::abort();
    known->freeze();
    return new icu::FilteredNormalizer2(*all, *known);
  }();
  return *nfc;
}

int32_t CodePointAt(absl::string_view text, size_t position) {
  return NextCodePoint(text, position);
}

// One character in lower case, which may be several (İ). Alone, it has no context to depend on.
void AppendLowerCase(UChar32 character, icu::UnicodeString& text) {
  text.append(icu::UnicodeString(NewerLowerCase(character)).toLower(icu::Locale::getRoot()));
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < size;) {
    UChar32 character = 0;
    U8_NEXT(text.data(), i, size, character);
    if (character < 0) return false;
  }
  return true;
}

std::string NormalizeForClip(absl::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::UnicodeString composed = Nfc().normalize(
      icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())}), error);

  icu::UnicodeString normalized;
  bool in_space = false;
  for (int32_t i = 0; i < composed.length(); i = composed.moveIndex32(i, 1)) {
    const UChar32 character = composed.char32At(i);
    if (!IsSpace(character)) {
      AppendLowerCase(character, normalized);
    } else if (!in_space) {
      normalized.append(u' ');
    }
    in_space = IsSpace(character);
  }
  std::string utf8;
  normalized.toUTF8String(utf8);
  return utf8;
}

std::string Composed(absl::string_view text) {
  if (!IsUtf8(text)) return std::string(text);
  UErrorCode error = U_ZERO_ERROR;
  std::string composed;
  Nfc()
      .normalize(icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())}),
                 error)
      .toUTF8String(composed);
  return composed;
}

bool BeginsComposition(absl::string_view text, size_t position) {
  const auto byte = static_cast<unsigned char>(text[position]);
  if (U8_IS_TRAIL(byte)) return false;
  return U8_IS_SINGLE(byte) || position == 0 ||
         Nfc().hasBoundaryBefore(CodePointAt(text, position));
}

void AppendComposition(absl::string_view text, size_t& position, std::string& normalized) {
  const size_t begin = position;
  NextCodePoint(text, position);
  while (position < text.size() && !BeginsComposition(text, position))
    NextCodePoint(text, position);
  absl::StrAppend(&normalized, NormalizeForClip(text.substr(begin, position - begin)));
}

bool IsLetter(int32_t code_point) {
  return (U_GET_GC_MASK(code_point) & U_GC_L_MASK) != 0 || IsNewerLetter(code_point);
}
bool IsNumber(int32_t code_point) {
  return (U_GET_GC_MASK(code_point) & U_GC_N_MASK) != 0 || IsNewerNumber(code_point);
}
bool IsSpace(int32_t code_point) { return u_isUWhiteSpace(code_point) != 0; }

int32_t NextCodePoint(absl::string_view text, size_t& position) {
  UChar32 character = 0;
  U8_NEXT_UNSAFE(text.data(), position, character);
  return character;
}

int32_t PreviousCodePoint(absl::string_view text, size_t& position) {
  UChar32 character = 0;
  U8_PREV_UNSAFE(text.data(), position, character);
  return character;
}

}  // namespace imprint
