#include "orders/training_settings.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "orders/example_settings.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

TrainingSettings Example() { return {.token = "<rex>", .class_word = "dog"}; }

TEST(TrainingSettings, TheDefaultsMakeSenseOnceThereIsAWord) {
  EXPECT_THAT(CheckSettings(Example()), Succeeds());
  EXPECT_THAT(CheckSettings({}, "spec."),
              RefusesNaming(Parts{"spec.token: got none", "such as <rex>"}));
}

TEST(TrainingSettings, EveryBadFieldIsNamed) {
  const std::vector<std::pair<Parts, std::function<void(TrainingSettings&)>>> cases = {
      {{"token: got \"my dog\"", "without spaces"}, [](auto& s) { s.token = "my dog"; }},
      {{"token: got 101 bytes"}, [](auto& s) { s.token = std::string(101, 'x'); }},
      {{"token: got", "control"}, [](auto& s) { s.token = "\x1b[2J"; }},
      {{"class_word: got none", "such as dog"}, [](auto& s) { s.class_word = ""; }},
      {{"class_word: got 201 bytes"}, [](auto& s) { s.class_word = std::string(201, 'x'); }},
      {{"templates[1]: got \"a cat\"", "{} once"},
       [](auto& s) {
         s.templates = {"{}", "a cat"};
       }},
      {{"templates[0]: got", "one line"}, [](auto& s) { s.templates = {"{} here\nand there"}; }},
      {{"templates[0]: got 1001 bytes"},
       [](auto& s) { s.templates = {std::string(999, 'x') + "{}"}; }},
      {{"templates: got 1001"}, [](auto& s) { s.templates.assign(1001, "a {}"); }},
      {{"size: got -1", "0 to 2048"}, [](auto& s) { s.size = -1; }},
      {{"size: got 2049"}, [](auto& s) { s.size = 2049; }},
      {{"checkpoint_every: got -5"}, [](auto& s) { s.checkpoint_every = -5; }},
  };
  for (const auto& [parts, spoil] : cases) {
    TrainingSettings settings = Example();
    spoil(settings);
    EXPECT_THAT(CheckSettings(settings), RefusesNaming(parts));
  }
}

TEST(TrainingSettings, TheSizeIsTheModelsUnlessOneIsGiven) {
  EXPECT_EQ(*TrainingSize(0, 512, 64), 512);
  EXPECT_EQ(*TrainingSize(128, 512, 64), 128);
  for (const int own : {0, 100, 4096}) {
    EXPECT_THAT(
        TrainingSize(0, own, 64),
        RefusesNaming(Parts{"size: got 0, the model's own " + std::to_string(own), "2048"}));
  }
  for (const int size : {-64, 100, 4096}) {
    EXPECT_THAT(TrainingSize(size, 512, 64, "spec."),
                RefusesNaming(Parts{"spec.size: got " + std::to_string(size), "multiple of 64"}));
  }
}

TEST(TrainingSettings, JsonKeepsEveryField) {
  const TrainingSettings settings = ExampleSettings();
  const nlohmann::json json = ToJson(settings);
  for (const auto& row : kTrainingFields) {
    const std::string name(row.name);
    ASSERT_NE(json[name], ToJson(TrainingSettings())[name])
        << name << ": give it a value in orders/example_settings.h that is not the default";
  }
  ASSERT_OK_AND_ASSIGN(const JsonObject read, JsonObject::Parse(json.dump(), "training.json"));
  ASSERT_OK_AND_ASSIGN(const TrainingSettings back, SettingsFromJson(read));
  EXPECT_EQ(ToJson(back), json);
  for (const auto& [key, unused] : json.items()) {
    nlohmann::json damaged = json;
    damaged.erase(key);
    ASSERT_OK_AND_ASSIGN(const JsonObject without,
                         JsonObject::Parse(damaged.dump(), "training.json"));
    EXPECT_THAT(SettingsFromJson(without), RefusesNaming(Parts{"training.json", key}));
  }
}

}  // namespace
}  // namespace imprint
