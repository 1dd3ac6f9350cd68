#include "base/private_path.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

int ModeOf(const fs::path& path) {
  struct stat info = {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return static_cast<int>(info.st_mode & 07777);
}

// The most generous umask.
class PrivatePath : public ::testing::Test {
 protected:
  PrivatePath() : before_(umask(0)) {}
  ~PrivatePath() override { umask(before_); }

  ScratchFolder scratch_;
  mode_t before_;
};

TEST_F(PrivatePath, EveryFolderThatIsMadeIsTheOwnersAlone) {
  const fs::path folder = scratch_.path() / "a" / "b";
  ASSERT_THAT(MakePrivateFolder(folder), Succeeds());
  EXPECT_EQ(ModeOf(folder), 0700);
  EXPECT_EQ(ModeOf(scratch_.path() / "a"), 0700);
  ASSERT_THAT(MakePrivateFolder(folder), Succeeds());
}

TEST_F(PrivatePath, WhatWasOpenIsClosed) {
  fs::create_directory(scratch_.path() / "a");
  ASSERT_EQ(ModeOf(scratch_.path() / "a"), 0777);
  ASSERT_THAT(MakePrivateFolder(scratch_.path() / "a"), Succeeds());
  EXPECT_EQ(ModeOf(scratch_.path() / "a"), 0700);

  const fs::path file = scratch_.path() / "f";
  ASSERT_THAT(MakePrivateFile(file), Succeeds());
  EXPECT_EQ(ModeOf(file), 0600);
  chmod(file.c_str(), 0644);
  ASSERT_THAT(MakePrivateFile(file), Succeeds());
  EXPECT_EQ(ModeOf(file), 0600);
}

TEST_F(PrivatePath, AFolderWithThingsOfOthersStaysAsItIs) {
  const fs::path folder = scratch_.path() / "chosen";
  fs::create_directory(folder);
  std::ofstream(folder / "something") << "x";
  ASSERT_THAT(MakePrivateFolder(folder, "our.lock"), Succeeds());
  EXPECT_EQ(ModeOf(folder), 0777);
  std::ofstream(folder / "our.lock") << "";
  ASSERT_THAT(MakePrivateFolder(folder, "our.lock"), Succeeds());
  EXPECT_EQ(ModeOf(folder), 0700);
  fs::create_directory(scratch_.path() / "empty");
  ASSERT_THAT(MakePrivateFolder(scratch_.path() / "empty", "our.lock"), Succeeds());
  EXPECT_EQ(ModeOf(scratch_.path() / "empty"), 0700);
}

TEST_F(PrivatePath, AFileInTheWayIsNamed) {
  std::ofstream(scratch_.path() / "f") << "x";
  EXPECT_THAT(MakePrivateFolder(scratch_.path() / "f"),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("/f")));
  EXPECT_THAT(MakePrivateFolder(scratch_.path() / "f" / "g").message(), HasSubstr("/f/g"));
}

TEST_F(PrivatePath, WhatOthersReachIsListedAndNoMore) {
  const fs::path root = scratch_.path() / "data";
  fs::create_directories(root / "open");
  fs::create_directories(root / "closed");
  std::ofstream(root / "open" / "read") << "x";
  std::ofstream(root / "closed" / "unreachable") << "x";
  fs::create_symlink("nowhere", root / "open" / "link");
  chmod(root.c_str(), 0711);
  chmod((root / "open").c_str(), 0755);
  chmod((root / "open" / "read").c_str(), 0604);
  chmod((root / "closed").c_str(), 0700);
  EXPECT_THAT(OpenToOthers(root), ElementsAre(". (0711)", "open (0755)", "open/read (0604)"));
  chmod(root.c_str(), 0700);
  EXPECT_THAT(OpenToOthers(root), IsEmpty());
}

}  // namespace
}  // namespace imprint
