#include "cli/imprint_engine/picture_writer.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "base/status_matchers.h"
#include "imaging/encode.h"

namespace imprint::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Large ones and small ones, so that they are not done in the order in which they were begun.
RgbImage Picture(size_t i) {
  const int side = i % 2 == 0 ? 256 : 8;
  return RgbImage::Blank(side, side, static_cast<uint8_t>(i));
}

std::string Name(size_t i) { return absl::StrCat("picture-", i); }

TEST(PictureWriter, HandsOutWhatIsWrittenInTheOrderInWhichItCame) {
  const ScratchFolder folder;
  PictureWriter writer(folder.path(), PictureFormat::kPng);
  std::vector<WrittenPicture> written;
  const auto take = [&] {
    for (WrittenPicture& each : writer.TakeWritten()) written.push_back(std::move(each));
  };
  for (size_t i = 0; i < 3 * PictureWriter::kMostAtOnce; ++i) {
    ASSERT_THAT(writer.Add(i, Name(i), Picture(i)), Succeeds());
    take();
  }
  ASSERT_THAT(writer.Finish(), Succeeds());
  take();
  ASSERT_THAT(written, SizeIs(3 * PictureWriter::kMostAtOnce));
  for (size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(written[i].index, i);
    EXPECT_EQ(written[i].file, Name(i) + ".png");
    EXPECT_EQ(written[i].image.pixels, Picture(i).pixels);
    const std::string wanted = *EncodePicture(Picture(i), PictureFormat::kPng);
    EXPECT_EQ(written[i].sha256, Sha256Hex(wanted));
    std::ifstream file(folder.path() / written[i].file, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), wanted);
  }
}

TEST(PictureWriter, AFileThatCannotBeWrittenIsAnErrorAndNothingComesBehindIt) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.path() / "picture-1.png");
  PictureWriter writer(folder.path(), PictureFormat::kPng, /*threads=*/1);
  ASSERT_THAT(writer.Add(0, Name(0), Picture(0)), Succeeds());
  ASSERT_THAT(writer.Add(1, Name(1), Picture(1)), Succeeds());
  absl::Status error;
  // More than it takes at once: it waits for room, and none comes.
  for (size_t i = 2; error.ok() && i < 100; ++i) error = writer.Add(i, Name(i), Picture(i));
  ASSERT_FALSE(error.ok());
  EXPECT_THAT(error.message(), HasSubstr("picture-1.png"));
  EXPECT_EQ(writer.Finish(), error);
  EXPECT_THAT(writer.TakeWritten(), SizeIs(1));
  EXPECT_THAT(writer.TakeWritten(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "picture-2.png"));
}

TEST(PictureWriter, WithoutPicturesThereIsNothingToWaitFor) {
  const ScratchFolder folder;
  PictureWriter writer(folder.path(), PictureFormat::kPng);
  EXPECT_THAT(writer.Finish(), Succeeds());
  EXPECT_THAT(writer.TakeWritten(), IsEmpty());
}

}  // namespace
}  // namespace imprint::cli
