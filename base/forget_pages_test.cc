#include "base/forget_pages.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/mapped_file.h"
#include "base/process_memory.h"
#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

int64_t ResidentBytes() { return MemoryOf(getpid()).resident; }

TEST(ForgetPages, GivesMemoryBack) {
  constexpr int64_t kBytes = 64 << 20;
  const ScratchFolder scratch;
  ASSERT_OK_AND_ASSIGN(const auto file,
                       MappedFile::Open(scratch.Write("f", std::string(kBytes, 'x'))));
  const int64_t before = ResidentBytes();
  EXPECT_EQ(std::count(file->bytes().begin(), file->bytes().end(), std::byte{'x'}), kBytes);
  EXPECT_GT(ResidentBytes(), before + kBytes / 2);
  ForgetPages(file->bytes());
  EXPECT_LT(ResidentBytes(), before + kBytes / 2);
}

TEST(ForgetPages, LosesNothing) {
  const ScratchFolder scratch;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::string content(4 * page + 100, 'x');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 / 7);
  ASSERT_OK_AND_ASSIGN(const auto file, MappedFile::Open(scratch.Write("f", content)));
  const auto text = [&] {
    return std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  };
  EXPECT_EQ(text(), content);
  for (const auto& [offset, size] : std::vector<std::pair<size_t, size_t>>{
           {0, content.size()}, {1, 10}, {page - 1, page + 2}, {0, 0}, {content.size(), 0}}) {
    ForgetPages(file->bytes().subspan(offset, size));
    EXPECT_EQ(text(), content);
  }
}

}  // namespace
}  // namespace imprint
