#include "cli/imprint/client/base_models.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

std::vector<v1::BaseModel> Models(const std::vector<std::string>& ids) {
  std::vector<v1::BaseModel> models;
  for (const std::string& id : ids) models.emplace_back().set_name("baseModels/" + id);
  return models;
}

TEST(ChooseModel, TakesTheOneThatIsNamedTheOnlyOneOrTheDefault) {
  EXPECT_EQ(ChooseModel(Models({"a", "b"}), "b")->name(), "baseModels/b");
  EXPECT_EQ(ChooseModel(Models({"a", "b"}), "baseModels/a")->name(), "baseModels/a");
  EXPECT_EQ(ChooseModel(Models({"a"}), "")->name(), "baseModels/a");
  EXPECT_EQ(ChooseModel(Models({"a", "default"}), "")->name(), "baseModels/default");
}

TEST(ChooseModel, NamesTheChoices) {
  EXPECT_THAT(ChooseModel(Models({"a", "b"}), ""), RefusesNaming(Parts{"model", "one of a, b"}));
  EXPECT_THAT(ChooseModel(Models({"a"}), "c"), RefusesNaming(Parts{"model", "\"c\"", "one of a"}));
  EXPECT_THAT(ChooseModel({}, ""),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("imprint models add")));
}

TEST(FolderForRegistry, AFileOfThisMachineIsNamedFromItsRoot) {
  const ScratchFolder folder;
  const auto file = folder.Write("model.safetensors", "");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  EXPECT_EQ(FolderForRegistry("model.safetensors"), file.string());
  std::filesystem::current_path(before);
}

TEST(FolderForRegistry, LeavesToTheRegistryWhatIsNotHere) {
  EXPECT_EQ(FolderForRegistry("/models/nowhere"), "/models/nowhere");
  EXPECT_EQ(FolderForRegistry("models/nowhere"), "models/nowhere");
  // Of the folder that the tests run in.
  EXPECT_EQ(FolderForRegistry("./."), (std::filesystem::current_path() / "").string());
}

TEST(LicenceFromReadme, ReadsTheModelHubsHeaderAlone) {
  const ScratchFolder folder;
  EXPECT_EQ(LicenceFromReadme(folder.path()), "");
  folder.Write("README.md", "---\ntags: [a]\nlicense: openrail++ \n---\n# Model\n");
  EXPECT_EQ(LicenceFromReadme(folder.path()), "openrail++");
  folder.Write("README.md", "---\ntags: [a]\n---\nlicense: mit\n");
  EXPECT_EQ(LicenceFromReadme(folder.path()), "");
  folder.Write("README.md", "license: mit\n");
  EXPECT_EQ(LicenceFromReadme(folder.path()), "");
}

}  // namespace
}  // namespace imprint::cli
