#include "orders/field_table.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

enum class Shape { kRound, kSquare };
constexpr absl::string_view kShapes[] = {"round", "square"};

struct Cake {
  int layers = 2;
  double sugar = 0.5;
  bool candles = true;
  uint64_t guests = 7;
  Shape shape = Shape::kRound;
};

constexpr Field<Cake> kFields[] = {
    {.name = "layers", .flag = "layers", .member = &Cake::layers, .range = {.least = 1, .most = 9}},
    {.name = "sugar",
     .flag = "sugar",
     .member = &Cake::sugar,
     .range = {.least = 0, .most = 1, .above_least = true}},
    {.name = "candles", .flag = "no-candles", .member = &Cake::candles},
    {.name = "guests", .flag = "guests", .member = &Cake::guests},
    {.name = "shape", .flag = "shape", .member = ChoiceOf<&Cake::shape>::Named(kShapes)},
};
constexpr FieldTable<Cake> kTable = kFields;

TEST(FieldTable, FieldsOfEveryKindAreCopiedAndNoOthers) {
  const Cake from = {
      .layers = 3, .sugar = 0.25, .candles = false, .guests = 9, .shape = Shape::kSquare};
  Cake all;
  CopyFields<Cake>(
      kTable, from, [](const auto&) { return true; }, all);
  EXPECT_EQ(ToJson(kTable, all), ToJson(kTable, from));
  Cake one;
  CopyFields<Cake>(
      kTable, from, [](const auto& row) { return row.name == "sugar"; }, one);
  EXPECT_EQ(one.sugar, 0.25);
  one.sugar = Cake().sugar;
  EXPECT_EQ(ToJson(kTable, one), ToJson(kTable, Cake()));
}

TEST(FieldTable, WhatIsMissingIsAnErrorOrTheDefaultAsTheCallerSays) {
  ASSERT_OK_AND_ASSIGN(const JsonObject some, JsonObject::Parse(R"({"layers": 3})", "cake.json"));
  EXPECT_THAT(FromJson<Cake>(kTable, some), RefusesNaming(Parts{"cake.json", "sugar"}));
  ASSERT_OK_AND_ASSIGN(const Cake cake, FromJson<Cake>(kTable, some, MissingFields::kAreDefault));
  EXPECT_EQ(cake.layers, 3);
  EXPECT_EQ(cake.sugar, Cake().sugar);
  ASSERT_OK_AND_ASSIGN(const JsonObject bad, JsonObject::Parse(R"({"layers": 30})", "cake.json"));
  EXPECT_THAT(FromJson<Cake>(kTable, bad, MissingFields::kAreDefault),
              RefusesNaming(Parts{"cake.json: layers: got 30", "1 to 9"}));
}

TEST(FieldTable, NumbersAreCheckedAgainstTheirRange) {
  EXPECT_THAT(CheckFields(kTable, Cake()), Succeeds());
  EXPECT_THAT(CheckFields(kTable, Cake{.layers = 0}),
              RefusesNaming(Parts{"layers: got 0", "a whole number from 1 to 9"}));
  EXPECT_THAT(CheckFields(kTable, Cake{.layers = 10}), RefusesNaming(Parts{"layers: got 10"}));
  EXPECT_THAT(CheckFields(kTable, Cake{.sugar = 0}),
              RefusesNaming(Parts{"sugar: got 0", "a number above 0, at most 1"}));
  EXPECT_THAT(CheckFields(kTable, Cake{.sugar = NAN}), RefusesNaming(Parts{"sugar: got nan"}));
  EXPECT_THAT(CheckFields(kTable, Cake{.sugar = INFINITY}), RefusesNaming(Parts{"got inf"}));
}

TEST(FieldTable, ARangeMayHaveOpenEndsAndANone) {
  constexpr FieldRange kOpen = {.least = 0, .most = 1, .above_least = true, .below_most = true};
  EXPECT_FALSE(kOpen.Has(0));
  EXPECT_TRUE(kOpen.Has(0.5));
  EXPECT_FALSE(kOpen.Has(1));
  constexpr FieldRange kOrNone = {.least = 1, .most = 4, .or_zero = true};
  EXPECT_TRUE(kOrNone.Has(0));
  EXPECT_FALSE(kOrNone.Has(0.5));
  EXPECT_TRUE(kOrNone.Has(4));
  EXPECT_FALSE(kOrNone.Has(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ(ExpectedNumber(kOrNone, /*whole=*/false), "0, or a number from 1 to 4");
  EXPECT_EQ(ExpectedNumber({.least = 1, .most = 1'000'000}, /*whole=*/true),
            "a whole number from 1 to 1000000");
}

TEST(FieldTable, JsonHasEveryField) {
  const Cake cake = {
      .layers = 3, .sugar = 0.1, .candles = false, .guests = ~0ULL, .shape = Shape::kSquare};
  const std::string text = ToJson(kTable, cake).dump();
  EXPECT_EQ(
      text,
      R"({"candles":false,"guests":18446744073709551615,"layers":3,"shape":"square","sugar":0.1})");
  ASSERT_OK_AND_ASSIGN(const Cake read, FromJson(kTable, *JsonObject::Parse(text, "cake.json")));
  EXPECT_EQ(ToJson(kTable, read).dump(), text);
}

TEST(FieldTable, WhatJsonLacksOrHasAmissIsNamed) {
  const auto read = [](const char* key, const nlohmann::json& value) {
    nlohmann::json json = ToJson(kTable, Cake());
    json[key] = value;
    return FromJson(kTable, *JsonObject::Parse(json.dump(), "cake.json"));
  };
  EXPECT_THAT(read("layers", nullptr), RefusesNaming(Parts{"cake.json", "layers"}));
  EXPECT_THAT(read("layers", 12), RefusesNaming(Parts{"layers: got 12", "1 to 9"}));
  EXPECT_THAT(read("layers", 5'000'000'000),
              RefusesNaming(Parts{"layers: got 5000000000", "1 to 9"}));
  EXPECT_THAT(read("candles", 1), RefusesNaming(Parts{"candles", "true or false"}));
  EXPECT_THAT(read("guests", -1), RefusesNaming(Parts{"guests"}));
  EXPECT_THAT(read("shape", "oval"),
              RefusesNaming(Parts{"shape: got \"oval\"", "round or square"}));
}

}  // namespace
}  // namespace imprint
