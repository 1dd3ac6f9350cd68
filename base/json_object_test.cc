#include "base/json_object.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;

JsonObject Config(absl::string_view text) { return *JsonObject::Parse(text, "unet/config.json"); }

TEST(JsonObject, ReadsEveryType) {
  const JsonObject config =
      Config(R"({"a": 3, "b": 0.5, "c": "x", "d": true, "e": [1, 2], "f": {"g": 7}, "n": null})");
  EXPECT_EQ(*config.Get<int64_t>("a"), 3);
  EXPECT_EQ(*config.Get<double>("a"), 3.0);
  EXPECT_EQ(*config.Get<double>("b"), 0.5);
  EXPECT_EQ(*config.Get<std::string>("c"), "x");
  EXPECT_TRUE(*config.Get<bool>("d"));
  EXPECT_THAT(*config.Get<std::vector<int64_t>>("e"), ElementsAre(1, 2));
  EXPECT_EQ(*config.Object("f")->Get<int64_t>("g"), 7);
  EXPECT_EQ(*config.GetOr<int64_t>("n", 9), 9);
  EXPECT_EQ(*config.GetOr<int64_t>("missing", 9), 9);
}

TEST(JsonObject, ReadsWhatPythonWritesBeyondJson) {
  const JsonObject config = Config(
      R"({"low": -Infinity, "high": [Infinity, 1], "none": NaN, "NaN \" Infinity": "-Infinity \\"})");
  EXPECT_EQ(*config.Get<double>("low"), -std::numeric_limits<double>::max());
  EXPECT_THAT(*config.Get<std::vector<double>>("high"),
              ElementsAre(std::numeric_limits<double>::max(), 1));
  EXPECT_FALSE(config.Has("none"));
  EXPECT_EQ(*config.Get<std::string>("NaN \" Infinity"), "-Infinity \\");
  for (const char* text : {"{\"a\": Infinite}", "{\"a\": nan}", "{\"a\": \"NaN}", "Infinity\\"}) {
    EXPECT_FALSE(JsonObject::Parse(text, "x").ok()) << text;
  }
}

TEST(JsonObject, ErrorsNameFileFieldAndWhatWasGiven) {
  const JsonObject config = Config(R"({"layers": "two", "channels": [64, 1.5], "f": {"g": null}})");
  EXPECT_THAT(config.Get<int64_t>("layers"),
              RefusesNaming(Parts{"unet/config.json", "layers", "two", "a whole number"}));
  EXPECT_THAT(config.Get<std::vector<int64_t>>("channels"),
              RefusesNaming(Parts{"channels", "1.5", "a list"}));
  EXPECT_THAT(config.Get<double>("depth"), RefusesNaming(Parts{"depth", "missing"}));
  EXPECT_THAT(config.Object("f")->Get<int64_t>("g"), RefusesNaming(Parts{"f: g", "missing"}));
  EXPECT_THAT(config.GetOr<int64_t>("layers", 1), RefusesNaming(Parts{"layers"}));
}

TEST(JsonObject, RefusesWhatIsNoObject) {
  EXPECT_THAT(JsonObject::Parse("{\"a\": ", "x"), RefusesNaming(Parts{"x", "not JSON"}));
  EXPECT_THAT(JsonObject::Parse("[1]", "x"), RefusesNaming(Parts{"x", "array", "object"}));
}

TEST(JsonObject, RefusesALargeFileBeforeParsing) {
  const ScratchFolder folder;
  const auto path = folder.Write("config.json", std::string(100, ' ') + "{}");
  EXPECT_THAT(JsonObject::Load(path, 50), RefusesNaming(Parts{"config.json", "102 bytes"}));
  EXPECT_THAT(JsonObject::Load(path), Succeeds());
}

TEST(JsonObject, DepthIsBounded) {
  EXPECT_FALSE(NestsDeeperThan(R"({"a": [[1], "[[[[[\"[[["]})", 3));
  EXPECT_TRUE(NestsDeeperThan(R"({"a": [[1]]})", 2));
  const std::string hostile = absl::StrCat(R"({"a":)", std::string(400'000, '['));
  EXPECT_THAT(JsonObject::Parse(hostile, "config.json").status(),
              RefusesNaming(Parts{"config.json", "nested"}));
}

TEST(JsonObject, NumbersBeyondTheirTypeAreRefused) {
  ASSERT_OK_AND_ASSIGN(const JsonObject json,
                       JsonObject::Parse(R"({"big": 18446744073709551615, "less": -1})", "x"));
  EXPECT_THAT(json.Get<int64_t>("big").status(), RefusesNaming(Parts{"18446744073709551615"}));
  EXPECT_EQ(*json.Get<uint64_t>("big"), UINT64_MAX);
  EXPECT_THAT(json.Get<uint64_t>("less").status(), RefusesNaming(Parts{"-1"}));
}

}  // namespace
}  // namespace imprint
