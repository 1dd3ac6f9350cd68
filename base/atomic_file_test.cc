#include "base/atomic_file.h"

#include <filesystem>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

size_t FilesIn(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

TEST(AtomicFile, ReplacesTheOldContentAndLeavesNothingElse) {
  const ScratchFolder folder;
  const auto path = folder.Write("result.json", "old and longer");
  ASSERT_THAT(WriteFileAtomically(path, "new"), Succeeds());
  EXPECT_EQ(FileContent(path), "new");
  EXPECT_EQ(FilesIn(folder.path()), 1u);
}

TEST(AtomicFile, IsReadableByOthersAsTheUmaskSays) {
  const ScratchFolder folder;
  const mode_t before = umask(022);
  ASSERT_THAT(WriteFileAtomically(folder.path() / "result", "x"), Succeeds());
  umask(before);
  struct stat info = {};
  ASSERT_EQ(stat((folder.path() / "result").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

TEST(AtomicFile, AFailedWriteKeepsTheOldFileAndNamesThePath) {
  const ScratchFolder folder;
  // A folder cannot be replaced by a file: the rename fails after everything was written.
  const auto path = folder.Write("taken/inside", "kept").parent_path();
  EXPECT_THAT(WriteFileAtomically(path, "new"),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr(path.string())));
  EXPECT_EQ(FileContent(path / "inside"), "kept");
  EXPECT_EQ(FilesIn(folder.path()), 1u);
}

TEST(AtomicFile, AMissingFolderIsNotFound) {
  const ScratchFolder folder;
  EXPECT_THAT(WriteFileAtomically(folder.path() / "no" / "such", "x"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("no/such")));
}

TEST(EnsureWritableFolder, MakesParentsAndLeavesNoTrace) {
  const ScratchFolder folder;
  const auto wanted = folder.path() / "a" / "b";
  ASSERT_THAT(EnsureWritableFolder(wanted), Succeeds());
  EXPECT_EQ(FilesIn(wanted), 0u);
}

TEST(EnsureWritableFolder, RefusesAPathThatIsAFile) {
  const ScratchFolder folder;
  const auto file = folder.Write("file", "");
  EXPECT_FALSE(EnsureWritableFolder(file / "below").ok());
  EXPECT_FALSE(EnsureWritableFolder(file).ok());
}

}  // namespace
}  // namespace imprint
