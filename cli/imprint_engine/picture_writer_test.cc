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

RgbImage Picture(size_t i) { return RgbImage::Blank(64, 64, static_cast<uint8_t>(i)); }

std::string Name(size_t i) { return absl::StrCat("picture-", i); }

TEST(PictureWriter, HandsOutWhatIsDoneInTheOrderInWhichItCame) {
  const ScratchFolder folder;
  PictureWriter writer(folder.path(), PictureFormat::kPng);
  std::vector<WrittenPicture> written;
  const auto take = [&] {
    for (WrittenPicture& each : writer.TakeWritten()) written.push_back(std::move(each));
  };
  constexpr size_t kPictures = 3 * PictureWriter::kMostWaiting;
  for (size_t i = 0; i < kPictures; ++i) {
    if (i % 5 == 0) {
      writer.PassOver(i);
    } else {
      writer.Add(i, Name(i), Picture(i));
    }
    take();
  }
  ASSERT_THAT(writer.Finish(), Succeeds());
  take();
  ASSERT_THAT(written, SizeIs(kPictures));
  for (size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(written[i].index, i);
    if (i % 5 == 0) {
      EXPECT_EQ(written[i].file, "");
      continue;
    }
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
  PictureWriter writer(folder.path(), PictureFormat::kPng);
  EXPECT_THAT(writer.status(), Succeeds());
  // More than may wait: nobody waits for room behind an error.
  for (size_t i = 0; i < 3 * PictureWriter::kMostWaiting; ++i) writer.Add(i, Name(i), Picture(i));
  const absl::Status error = writer.Finish();
  ASSERT_FALSE(error.ok());
  EXPECT_THAT(error.message(), HasSubstr("picture-1.png"));
  EXPECT_EQ(writer.status(), error);
  EXPECT_THAT(writer.TakeWritten(), SizeIs(1));
  EXPECT_THAT(writer.TakeWritten(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "picture-2.png"));
}

// The destructor neither hangs nor crashes.
TEST(PictureWriter, EndsWithPicturesThatWait) {
  const ScratchFolder folder;
  PictureWriter writer(folder.path(), PictureFormat::kPng);
  for (size_t i = 0; i < PictureWriter::kMostWaiting; ++i) writer.Add(i, Name(i), Picture(i));
}

TEST(PictureWriter, WithoutPicturesThereIsNothingToWaitFor) {
  const ScratchFolder folder;
  PictureWriter writer(folder.path(), PictureFormat::kPng);
  EXPECT_THAT(writer.Finish(), Succeeds());
  EXPECT_THAT(writer.TakeWritten(), IsEmpty());
}

}  // namespace
}  // namespace imprint::cli
