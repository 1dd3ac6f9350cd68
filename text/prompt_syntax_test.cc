#include "text/prompt_syntax.h"

#include <ostream>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "text/clip_tokenizer.h"

namespace imprint {

bool operator==(const WeightedText& a, const WeightedText& b) {
  return a.text == b.text && a.weight == b.weight && a.new_chunk == b.new_chunk;
}
void PrintTo(const WeightedText& piece, std::ostream* out) {
  *out << (piece.new_chunk ? "BREAK " : "") << testing::PrintToString(piece.text) << " "
       << piece.weight;
}

namespace {

using Pieces = std::vector<WeightedText>;
using Parts = std::vector<std::string>;

constexpr double kUp = 1.1;
constexpr double kDown = 1 / 1.1;

ConceptVocabulary Concepts(const std::vector<std::string>& tokens) {
  static const ClipTokenizer* const tokenizer = new ClipTokenizer(
      *ClipTokenizer::Load(std::filesystem::path(IMPRINT_SOURCE_DIR) / "models/demo/tokenizer"));
  ConceptVocabulary concepts;
  for (const std::string& token : tokens)
    EXPECT_THAT(concepts.Add(token, 1, *tokenizer), Succeeds());
  return concepts;
}

absl::StatusOr<Pieces> Parse(absl::string_view prompt, const ConceptVocabulary& concepts = {}) {
  return ParsePrompt(prompt, PromptStyle::kEmphasis, concepts.written());
}

TEST(PromptSyntax, ThePublishedExamples) {
  // The docstring of parse_prompt_attention.
  for (const auto& [prompt, pieces] : std::vector<std::pair<std::string, Pieces>>{
           {"normal text", {{"normal text", 1}}},
           {"an (important) word", {{"an ", 1}, {"important", kUp}, {" word", 1}}},
           {"(unbalanced", {{"unbalanced", kUp}}},
           {R"(\(literal\])", {{"(literal]", 1}}},
           {"(unnecessary)(parens)", {{"unnecessaryparens", kUp}}},
           {"a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            {{"a ", 1},
             {"house", 1.3 * kUp * kUp},
             {" ", kUp},
             {"on", 1},
             {" a ", kUp},
             {"hill", 0.5 * kUp},
             {", sun, ", kUp},
             {"sky", kUp * kUp * kUp * kUp},
             {".", kUp}}}}) {
    EXPECT_THAT(Parse(prompt), SucceedsWith(pieces)) << prompt;
  }
}

TEST(PromptSyntax, BracketsNestAndNeedNotBalance) {
  for (const auto& [prompt, pieces] : std::vector<std::pair<std::string, Pieces>>{
           {"", {{"", 1}}},
           {"()", {{"", 1}}},
           {"((a))", {{"a", kUp * kUp}}},
           {"[a]", {{"a", kDown}}},
           {"a) b]", {{"a) b]", 1}}},
           {"(a] b", {{"a] b", kUp}}},
           {"[a) b", {{"a) b", kDown}}},
           {"(a [b) c]", {{"a ", kUp}, {"b", kUp * kDown}, {" c", kDown}}},
           {"(a:-1.5)", {{"a", -1.5}}},
           {"(a:+.5)", {{"a", .5}}},
           {"(a : 1.5 ) b", {{"a ", 1.5}, {" b", 1}}},
           {"a:1.5) b", {{"a:1.5) b", 1}}},  // nothing to close
           {"[a:1.5]", {{"a:1.5", kDown}}},  // weights are for parentheses
           {"(a: 1.5 b)", {{"a: 1.5 b", kUp}}},
           {"(a:)", {{"a:", kUp}}},
           {"(a:1.5", {{"a:1.5", kUp}}},
           {"((a:2):0.25)", {{"a", 0.5}}},
           {"a: b", {{"a: b", 1}}}}) {
    EXPECT_THAT(Parse(prompt), SucceedsWith(pieces)) << prompt;
  }
}

TEST(PromptSyntax, ABackslashMakesBracketsText) {
  for (const auto& [prompt, pieces] :
       std::vector<std::pair<std::string, Pieces>>{{R"(\(a\) \[b\])", {{"(a) [b]", 1}}},
                                                   {R"((a\)b))", {{"a)b", kUp}}},
                                                   {R"(a\\b)", {{R"(a\b)", 1}}},
                                                   {R"(\\(a))", {{R"(\)", 1}, {"a", kUp}}},
                                                   {R"(a\b\)", {{"ab", 1}}},
                                                   {R"((a\:2))", {{"a", 2}}}}) {
    EXPECT_THAT(Parse(prompt), SucceedsWith(pieces)) << prompt;
  }
}

TEST(PromptSyntax, BreakAsAWordStartsAChunk) {
  for (const auto& [prompt, pieces] : std::vector<std::pair<std::string, Pieces>>{
           {"a BREAK b", {{"a", 1}, {"b", 1, true}}},
           {"a BREAK (b)", {{"a", 1}, {"", 1, true}, {"b", kUp}}},
           {"(a BREAK b)", {{"a", kUp}, {"b", kUp, true}}},
           {"BREAK", {{"", 1}, {"", 1, true}}},
           {"(a)BREAK(b)", {{"a", kUp}, {"", 1}, {"", 1, true}, {"b", kUp}}},
           {"a,BREAK,b", {{"a,", 1}, {",b", 1, true}}},
           {"BREAKFAST a_BREAK xBREAK BREAK2 break",
            {{"BREAKFAST a_BREAK xBREAK BREAK2 break", 1}}},
       }) {
    EXPECT_THAT(Parse(prompt), SucceedsWith(pieces)) << prompt;
  }
}

TEST(PromptSyntax, ConceptsAreTextWhateverTheyAreMadeOf) {
  const ConceptVocabulary concepts =
      Concepts({"<mia>", "mia(2)", "[rex]", "<BREAK>", "q:2", R"(\o/)"});
  for (const auto& [prompt, pieces] : std::vector<std::pair<std::string, Pieces>>{
           {"(<mia>:1.2)", {{"<mia>", 1.2}}},
           {"a mia(2) b", {{"a mia(2) b", 1}}},
           {"a (Mia(2):1.5) b", {{"a ", 1}, {"Mia(2)", 1.5}, {" b", 1}}},
           {R"(mia\(2\))", {{"mia(2)", 1}}},
           {"xmia(2)", {{"xmia", 1}, {"2", kUp}}},  // within a word it is none
           {"[rex] and [[rex]]", {{"[rex] and ", 1}, {"[rex]", kDown}}},
           {"<BREAK> and <break>", {{"<BREAK> and <break>", 1}}},
           {"(q:2)", {{"q:2", kUp}}},
           {R"(a \o/)", {{R"(a \o/)", 1}}}}) {
    EXPECT_THAT(Parse(prompt, concepts), SucceedsWith(pieces)) << prompt;
  }
}

TEST(PromptSyntax, LiteralTextIsOnePiece) {
  const std::string prompt = R"((a:1.5) [b] \( BREAK c)";
  EXPECT_THAT(ParsePrompt(prompt, PromptStyle::kLiteral, {}), SucceedsWith(Pieces{{prompt, 1}}));
}

TEST(PromptSyntax, TextWithoutBracketsStaysAsItIs) {
  std::mt19937 random(1);
  const std::vector<std::string> characters = {"a", "B",  " ", ":", ",",  "é", "漢", "😀", "1",
                                               ".", "\n", "<", ">", "\"", "'", "_",  "|", "BREA"};
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (size_t k = random() % 40; k > 0; --k) text += characters[random() % characters.size()];
    if (absl::StrContains(text, "BREAK")) continue;
    ASSERT_OK_AND_ASSIGN(const Pieces pieces, Parse(text));
    EXPECT_EQ(
        absl::StrJoin(pieces, "", [](std::string* out, const auto& piece) { *out += piece.text; }),
        text);
  }
}

TEST(PromptSyntax, LongAndDeepPromptsAreNoTrap) {
  // Quadratic work or recursion would outlast the test's time limit, or the stack.
  const auto repeat = [](absl::string_view text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) absl::StrAppend(&result, text);
    return result;
  };
  EXPECT_THAT(Parse(repeat("(", 10'000)), RefusesNaming(Parts{"brackets", "more than 100"}));
  EXPECT_THAT(Parse(absl::StrCat(repeat("([", 50), "a", repeat("])", 50))), Succeeds());
  EXPECT_THAT(Parse(repeat(")", 1'000'000)), SucceedsWith(Pieces{{repeat(")", 1'000'000), 1}}));
  ASSERT_OK_AND_ASSIGN(const Pieces many, Parse(repeat("(a)b", 250'000)));
  EXPECT_EQ(many.size(), 500'000u);
  ASSERT_OK_AND_ASSIGN(const Pieces open,
                       Parse(absl::StrCat(repeat("[", 99), repeat("(a)b", 100'000))));
  EXPECT_EQ(open.size(), 200'000u);
  EXPECT_THAT(Parse(absl::StrCat("(", repeat(": ", 500'000))), Succeeds());
  EXPECT_THAT(Parse(absl::StrCat("(", repeat(":", 500'000), repeat("1", 500'000))), Succeeds());
}

TEST(PromptSyntax, WeightsAreBounded) {
  EXPECT_THAT(Parse("(a:100)"), SucceedsWith(Pieces{{"a", 100}}));
  EXPECT_THAT(Parse("(a cat:100.5)"),
              RefusesNaming(Parts{"weight: got 100.5 of \"a cat\"", "-100 to 100"}));
  EXPECT_THAT(Parse("(a:-101)"), RefusesNaming(Parts{"weight: got -101"}));
  EXPECT_THAT(Parse(absl::StrCat("((a:", std::string(400, '9'), "):0)")),
              RefusesNaming(Parts{"weight", "nan"}));
  EXPECT_THAT(Parse("(a:1.2.3)"), RefusesNaming(Parts{"weight: got \"1.2.3\"", "such as 1.2"}));
  EXPECT_THAT(Parse("\xFF"), RefusesNaming(Parts{"UTF-8"}));
}

TEST(PromptStyle, NamesRoundTrip) {
  for (const PromptStyle style : {PromptStyle::kEmphasis, PromptStyle::kLiteral}) {
    EXPECT_EQ(*ParsePromptStyle(Name(style)), style);
  }
  EXPECT_THAT(ParsePromptStyle("compel"),
              RefusesNaming(Parts{"prompt_style: got \"compel\"", "literal"}));
}

TEST(WithoutWeights, LeavesTheWords) {
  const WrittenTokens concepts({"<v(1:2)>"});
  const auto words = [&](absl::string_view prompt) {
    return WithoutWeights(prompt, PromptStyle::kEmphasis, concepts);
  };
  EXPECT_EQ(words("a (red:1.3) [fox] \\(old\\) BREAK in snow"), "a red fox (old) in snow");
  EXPECT_EQ(words("(<v(1:2)>:1.2) asleep"), "<v(1:2)> asleep");
  EXPECT_EQ(words("(fox:1000)"), "(fox:1000)") << "which is refused";
  EXPECT_EQ(WithoutWeights("(red:1.3)", PromptStyle::kLiteral, concepts), "(red:1.3)");
}

}  // namespace
}  // namespace imprint
