#include "text/word_boundary.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "text/unicode_text.h"

namespace imprint {
namespace {

constexpr int32_t kZeroWidthSpace = 0x200B;  // a boundary that is not seen
constexpr int32_t kNonJoiner = 0x200C;
constexpr int32_t kJoiner = 0x200D;

bool IsOneOf(int32_t value, std::initializer_list<int32_t> values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Part of the character before it.
bool IsMark(int32_t code_point) {
  return code_point != kNonJoiner && code_point != kJoiner &&
         IsOneOf(u_getIntPropertyValue(code_point, UCHAR_GRAPHEME_CLUSTER_BREAK),
                 {U_GCB_EXTEND, U_GCB_SPACING_MARK});
}

// No character of its own: it says how others join, or which way they run.
bool IsSeenThrough(int32_t code_point) {
  return code_point != kZeroWidthSpace && u_charType(code_point) == U_FORMAT_CHAR;
}

bool IsPictograph(int32_t code_point) {
  return u_hasBinaryProperty(code_point, UCHAR_EXTENDED_PICTOGRAPHIC) != 0;
}

// The nearest character before or after a place, without marks and what is seen through.
std::optional<int32_t> BaseBefore(absl::string_view text, size_t position) {
  while (position > 0) {
    const int32_t code_point = PreviousCodePoint(text, position);
    if (!IsMark(code_point) && !IsSeenThrough(code_point)) return code_point;
  }
  return std::nullopt;
}

std::optional<int32_t> BaseAfter(absl::string_view text, size_t position) {
  while (position < text.size()) {
    const int32_t code_point = NextCodePoint(text, position);
    if (!IsMark(code_point) && !IsSeenThrough(code_point)) return code_point;
  }
  return std::nullopt;
}

// Whether one character, as a reader sees it, lies on both sides.
bool CutsACharacter(absl::string_view text, size_t position) {
  size_t after = position;
  const int32_t next = NextCodePoint(text, after);
  size_t before = position;
  const int32_t last = PreviousCodePoint(text, before);
  if (IsMark(next)) return true;
  if (next != kJoiner && last != kJoiner) return false;
  // 🐈‍⬛ is one, of two joined.
  const auto left = BaseBefore(text, position);
  const auto right = BaseAfter(text, position);
  return left && right && IsPictograph(*left) && IsPictograph(*right);
}

// A letter that belongs to the syllable of the letter after it, or before it.
bool LeansForward(int32_t letter) {
  return u_hasBinaryProperty(letter, UCHAR_LOGICAL_ORDER_EXCEPTION) != 0;
}
bool LeansBack(int32_t letter) {
  return u_hasBinaryProperty(letter, UCHAR_EXTENDER) != 0 ||
         (!LeansForward(letter) &&
          IsOneOf(u_getIntPropertyValue(letter, UCHAR_INDIC_SYLLABIC_CATEGORY),
                  {U_INSC_VOWEL_DEPENDENT, U_INSC_TONE_MARK}));
}

UScriptCode ScriptOf(int32_t code_point) {
  UErrorCode error = U_ZERO_ERROR;
  return uscript_getScript(code_point, &error);
}

bool WritesWithoutSpaces(int32_t letter) {
  return uscript_breaksBetweenLetters(ScriptOf(letter)) != 0;
}

// Whether words end between two characters that stand side by side.
bool Part(int32_t left, int32_t right) {
  const bool left_is_number = IsNumber(left);
  const bool right_is_number = IsNumber(right);
  if (!left_is_number && !IsLetter(left)) return true;
  if (!right_is_number && !IsLetter(right)) return true;
  if (left_is_number && right_is_number) return false;
  if (left_is_number) return WritesWithoutSpaces(right);
  if (right_is_number) return WritesWithoutSpaces(left);
  if (LeansForward(left) || LeansBack(right)) return false;
  const UScriptCode script = ScriptOf(left);
  if (script == ScriptOf(right)) return WritesWithoutSpaces(left);
  // Letters of no script of their own belong to any.
  return script != USCRIPT_COMMON && ScriptOf(right) != USCRIPT_COMMON;
}

bool IsWordBoundary(absl::string_view text, size_t position) {
  if (position == 0 || position == text.size()) return true;
  if (CutsACharacter(text, position)) return false;
  const auto left = BaseBefore(text, position);
  const auto right = BaseAfter(text, position);
  return !left || !right || Part(*left, *right);
}

}  // namespace

bool StandsApart(absl::string_view text, size_t begin, size_t size) {
  return IsWordBoundary(text, begin) && IsWordBoundary(text, begin + size);
}

}  // namespace imprint
