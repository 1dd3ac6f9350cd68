#include "storage/folder_lock.h"

#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

// What another process would be told.
bool IsFree(const std::filesystem::path& lock, absl::Status (*take)(const std::filesystem::path&)) {
  const pid_t child = fork();
  if (child == 0) _exit(take(lock).ok() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0;
}

TEST(FolderLock, WhoeverComesSecondIsTold) {
  ScratchFolder folder;
  const std::filesystem::path lock = folder.path() / "x.lock";
  EXPECT_TRUE(IsFree(lock, LockFolder));
  ASSERT_THAT(LockFolder(lock), Succeeds());
  EXPECT_FALSE(IsFree(lock, LockFolder));
  EXPECT_FALSE(IsFree(lock, LockFolderToLook));
  EXPECT_THAT(LockFolder(lock),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("another process")));
}

TEST(FolderLock, WhoOnlyLooksMakesNothing) {
  ScratchFolder folder;
  const std::filesystem::path lock = folder.path() / "x.lock";
  EXPECT_THAT(LockFolderToLook(lock), Succeeds());
  EXPECT_FALSE(std::filesystem::exists(lock));
}

}  // namespace
}  // namespace imprint
