#include "text/unicode_text.h"

#include <gtest/gtest.h>

namespace imprint {
namespace {

TEST(NormalizeForClip, ComposesCollapsesAndLowers) {
  EXPECT_EQ(NormalizeForClip("E\xCC\x81t\xC3\x89"), "été");
  EXPECT_EQ(NormalizeForClip("a \t\n\xC2\xA0\xE3\x80\x80 b"), "a b");
  EXPECT_EQ(NormalizeForClip(""), "");
}

TEST(NormalizeForClip, LowersCharacterByCharacter) {
  EXPECT_EQ(NormalizeForClip("ΟΔΟΣ"), "οδοσ");    // not ς, as a word's end would have it
  EXPECT_EQ(NormalizeForClip("İ"), "i\xCC\x87");  // one character becomes two
  EXPECT_EQ(NormalizeForClip("𐐀"), "𐐨");          // beyond the BMP
}

TEST(NormalizeForClip, KnowsScriptsThatAreYoungerThanIcu) {
  EXPECT_EQ(NormalizeForClip("\U00010D50"), "\U00010D70");  // Garay, Unicode 16
  EXPECT_TRUE(IsLetter(0x105C0));                           // Todhri, Unicode 16
  EXPECT_TRUE(IsNumber(0x16D70) && !IsLetter(0x16D70));     // Kirat Rai, Unicode 16
}

TEST(NormalizeForClip, LeavesMarksYoungerThanUnicode9WhereTheyAre) {
  // U+0898 has a combining class since Unicode 14; the reference does not reorder it.
  EXPECT_EQ(NormalizeForClip("a\u0898\u0334"), "a\u0898\u0334");
  EXPECT_EQ(NormalizeForClip("a\u0301\u0334"), NormalizeForClip("a\u0334\u0301"));
}

TEST(NormalizeForClip, IllFormedUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(NormalizeForClip("a\xFF\x62"), "a\xEF\xBF\xBD\x62");
}

TEST(IsUtf8, KnowsOverlongAndSurrogateForms) {
  EXPECT_TRUE(IsUtf8("aé漢𐐀"));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xE6\xBC", "\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(CharacterClasses, AreUnicodes) {
  EXPECT_TRUE(IsLetter(U'é') && IsLetter(U'漢') && !IsLetter(U'1') && !IsLetter(U'́'));
  EXPECT_TRUE(IsNumber(U'1') && IsNumber(U'½') && IsNumber(U'१') && !IsNumber(U'a'));
  EXPECT_TRUE(IsSpace(U'\u00A0') && IsSpace(U'\u0085') && !IsSpace(U'\u200B'));
}

}  // namespace
}  // namespace imprint
