#include "services/server/model_roots.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;
using Parts = std::vector<std::string>;

class ModelRootsTest : public ::testing::Test {
 protected:
  ModelRootsTest() {
    for (const char* name : {"models/sd", "models-2/sd", "other"}) {
      fs::create_directories(folder_.path() / name);
    }
    folder_.Write("models/one.safetensors", "x");
    folder_.Write("secret", "x");
    fs::create_symlink(folder_.path() / "secret", folder_.path() / "models" / "link");
    fs::create_symlink(folder_.path() / "models" / "sd", folder_.path() / "other" / "current");
  }

  ModelRoots Roots(const std::vector<std::string>& arguments) {
    ModelRoots roots;
    CLI::App app;
    roots.AddFlags(app);
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
    return roots;
  }

  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }

  ScratchFolder folder_;
};

TEST_F(ModelRootsTest, OnlyWhatLiesInsideIsAllowed) {
  const ModelRoots roots = Roots({"--models-root", Path("models")});
  for (const char* inside : {"models", "models/sd", "models/one.safetensors", "models/./sd/",
                             "other/../models/sd", "other/current", "models/not-there-yet"}) {
    EXPECT_THAT(roots.Check("folder", Path(inside)), Succeeds()) << inside;
  }
  for (const char* outside :
       {"other", "models-2/sd", "models/../secret", "models/link", "secret", "not-there", "."}) {
    EXPECT_THAT(roots.Check("folder", Path(outside)),
                RefusesNaming(Parts{"folder: got", "--models-root"}))
        << outside;
  }
  EXPECT_THAT(roots.Check("folder", ""), RefusesNaming(Parts{"folder: got"}));
  EXPECT_THAT(roots.Check("folder", std::string("a\0b", 3)), RefusesNaming(Parts{"folder: got"}));
}

TEST_F(ModelRootsTest, TheListIsReadAnew) {
  const ModelRoots roots = Roots({"--models-list", Path("list")});
  EXPECT_TRUE(roots.AreKnown());
  EXPECT_THAT(roots.Check("folder", Path("models/sd")), RefusesNaming(Parts{"folder: got"}));
  folder_.Write("list", Path("models/sd") + "\n\n" + Path("models/one.safetensors") + "\n");
  EXPECT_THAT(roots.Check("folder", Path("models/sd")), Succeeds());
  EXPECT_THAT(roots.Check("folder", Path("models/one.safetensors")), Succeeds());
  EXPECT_THAT(roots.Check("folder", Path("models")), RefusesNaming(Parts{"folder: got"}));
}

TEST_F(ModelRootsTest, WithoutAnyNothingIsRead) {
  const ModelRoots roots = Roots({});
  EXPECT_FALSE(roots.AreKnown());
  EXPECT_THAT(roots.Check("folder", Path("models/sd")),
              RefusesNaming(Parts{"expected nothing", "--models-root FOLDER"}));
}

TEST_F(ModelRootsTest, ARootThatIsNoFolderIsNamed) {
  EXPECT_THAT(Roots({"--models-root", Path("secret")}).CheckFlags(),
              RefusesNaming(Parts{"models-root: got", "a folder"}));
}

}  // namespace
}  // namespace imprint
