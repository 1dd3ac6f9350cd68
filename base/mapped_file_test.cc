#include "base/mapped_file.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

TEST(MappedFile, ShowsTheBytes) {
  const ScratchFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(folder.Write("a", "bytes")));
  EXPECT_EQ(file->bytes().size(), 5u);
  EXPECT_EQ(static_cast<char>(file->bytes()[4]), 's');
}

TEST(MappedFile, AnEmptyFileIsEmpty) {
  const ScratchFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(folder.Write("a", "")));
  EXPECT_TRUE(file->bytes().empty());
}

TEST(MappedFile, RefusesFoldersAndPipesWithoutWaiting) {
  const ScratchFolder folder;
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& path : {folder.path(), pipe}) {
    EXPECT_THAT(MappedFile::Open(path),
                Fails(absl::StatusCode::kInvalidArgument, HasSubstr("not a regular file")));
  }
}

TEST(MappedFile, AMissingFileIsNotFoundByName) {
  EXPECT_THAT(MappedFile::Open("/no/such/file"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("/no/such/file")));
}

}  // namespace
}  // namespace imprint
