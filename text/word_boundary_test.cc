#include "text/word_boundary.h"

#include <string>

#include <gtest/gtest.h>

namespace imprint {
namespace {

// Whether `word`, where it first stands in `text`, stands apart.
bool Apart(absl::string_view word, absl::string_view text) {
  const size_t begin = text.find(word);
  EXPECT_NE(begin, absl::string_view::npos) << word << " in " << text;
  return StandsApart(text, begin, word.size());
}

TEST(StandsApart, AsWordsOfOneScriptDo) {
  for (const char* text : {"rex", "a rex", "T-rex", "rex's", "(rex)", "rex, asleep", "rex_1"}) {
    EXPECT_TRUE(Apart("rex", text)) << text;
  }
  for (const char* text : {"rexos", "trex", "rex2", "2rex", "rex²", "rexé", "rex２", "rexＡ"}) {
    EXPECT_FALSE(Apart("rex", text)) << text;
  }
  EXPECT_FALSE(Apart("кот", "коты"));
  EXPECT_FALSE(Apart("قط", "قطة"));
  EXPECT_FALSE(Apart("렉스", "렉스가"));
  EXPECT_TRUE(Apart("렉스", "귀여운 렉스 가"));
}

TEST(StandsApart, WhereScriptsMeet) {
  for (const char* text : {"雪の中のtoyxの写真", "在雪地里的toyx在睡觉", "ภาพถ่ายของtoyxในหิมะ",
                           "صورةtoyxفي", "눈 속의 toyx가", "фотоtoyxа", "カメラtoyxカメラ"}) {
    EXPECT_TRUE(Apart("toyx", text)) << text;
  }
  EXPECT_TRUE(Apart("toyx2", "toyx2の写真"));
  EXPECT_TRUE(Apart("ピップ", "雪のピップが眠る"));
}

TEST(StandsApart, InScriptsWithoutSpaces) {
  EXPECT_TRUE(Apart("猫耳", "可爱的猫耳在雪地里"));
  EXPECT_TRUE(Apart("แมวน้อย", "ภาพของแมวน้อยในหิมะ"));
  EXPECT_TRUE(Apart("ねこ", "かわいいねこがいる"));
  EXPECT_TRUE(Apart("猫耳", "猫耳2只"));
  // But no syllable is cut.
  EXPECT_FALSE(Apart("กม", "เกม")) << "a vowel that stands before its consonant";
  EXPECT_FALSE(Apart("กม", "กมา")) << "and one behind it";
  EXPECT_FALSE(Apart("น", "นํ้า"));
  EXPECT_FALSE(Apart("キ", "キー"));
  EXPECT_FALSE(Apart("人", "人々"));
}

TEST(StandsApart, NoCharacterIsCut) {
  EXPECT_FALSE(Apart("rex", "rex\u0301"));
  EXPECT_FALSE(Apart("rex", "e\u0301rex"));
  EXPECT_FALSE(Apart("🐈", "🐈\u200D⬛")) << "the black cat is one character";
  EXPECT_FALSE(Apart("⬛", "🐈\u200D⬛"));
  EXPECT_FALSE(Apart("👍", "👍🏽"));
  EXPECT_TRUE(Apart("🐈", "a🐈b"));
  EXPECT_TRUE(Apart("rex", "🐈rex🐈"));
  EXPECT_TRUE(Apart("<cat>", "<cat>s"));
}

TEST(StandsApart, WhatOnlyJoinsOrDirectsTextIsSeenThrough) {
  EXPECT_FALSE(Apart("rex", "rex\u00ADos")) << "a soft hyphen";
  EXPECT_FALSE(Apart("rex", "rex\u200Cos"));
  EXPECT_TRUE(Apart("rex", "rex\u200Cها")) << "Persian's plural";
  EXPECT_FALSE(Apart("گربه", "گربه\u200Cها"));
  EXPECT_TRUE(Apart("rex", "\u200Frex\u200F"));
  EXPECT_TRUE(Apart("rex", "rex\u200Bos")) << "a space of no width is one";
  EXPECT_TRUE(Apart("rex", "\uFEFFrex"));
}

}  // namespace
}  // namespace imprint
