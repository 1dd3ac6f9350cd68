#include "storage/folder_blob_store.h"

#include <filesystem>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FolderBlobStoreTest : public ::testing::Test {
 protected:
  std::filesystem::path Path(const std::string& digest) const {
    return folder_.path() / digest.substr(0, 2) / digest;
  }

  ScratchFolder folder_;
  std::unique_ptr<BlobStore> blobs_ = *OpenBlobFolder(folder_.path());
};

TEST_F(FolderBlobStoreTest, ABlobIsNamedByItsBytes) {
  ASSERT_OK_AND_ASSIGN(const std::string digest, blobs_->Put("hello"));
  EXPECT_EQ(digest, Sha256Hex(std::string("hello")));
  ASSERT_OK_AND_ASSIGN(const Blob content, blobs_->Get(digest, 5));
  EXPECT_EQ(content.text(), "hello");
  EXPECT_THAT(blobs_->Put("hello"), Succeeds()) << "twice is once";
  EXPECT_THAT(*blobs_->List(), ElementsAre(digest));
}

TEST_F(FolderBlobStoreTest, ADamagedBlobIsDataLossAndIsMendedByPutting) {
  ASSERT_OK_AND_ASSIGN(const std::string digest, blobs_->Put("hello"));
  folder_.Write(std::filesystem::relative(Path(digest), folder_.path()), "jello");
  EXPECT_THAT(blobs_->Get(digest, 100), Fails(absl::StatusCode::kDataLoss, HasSubstr(digest)));
  EXPECT_THAT(blobs_->Put("hello"), Succeeds());
  EXPECT_THAT(blobs_->Get(digest, 100), Succeeds());
}

TEST_F(FolderBlobStoreTest, AWriterThatDiesLeavesNothing) {
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, blobs_->NewWriter());
    EXPECT_THAT(writer->Append("half"), Succeeds());
  }
  folder_.Write("incoming/77", "left by a crash");
  blobs_ = *OpenBlobFolder(folder_.path());
  EXPECT_THAT(*blobs_->List(), IsEmpty());
  EXPECT_THAT(std::filesystem::is_empty(folder_.path() / "incoming"), true);
}

TEST_F(FolderBlobStoreTest, WhatIsWrittenCanBeReadBeforeItIsThere) {
  ASSERT_OK_AND_ASSIGN(const auto writer, blobs_->NewWriter());
  EXPECT_THAT(writer->Append("hel"), Succeeds());
  EXPECT_THAT(writer->Append("lo"), Succeeds());
  ASSERT_OK_AND_ASSIGN(const BlobStore::Writer::Sealed sealed, writer->Seal());
  EXPECT_EQ(sealed.blob.text(), "hello");
  EXPECT_THAT(*blobs_->List(), IsEmpty());
  EXPECT_THAT(writer->Commit(), Succeeds());
  EXPECT_THAT(*blobs_->List(), ElementsAre(sealed.sha256));
  EXPECT_EQ(sealed.blob.text(), "hello") << "wherever it lies now";
}

TEST_F(FolderBlobStoreTest, BlobsAreCounted) {
  const auto used = [this] {
    const BlobStore::Usage usage = blobs_->Used();
    return std::pair(usage.blobs, usage.bytes);
  };
  ASSERT_OK_AND_ASSIGN(const std::string hello, blobs_->Put("hello"));
  ASSERT_THAT(blobs_->Put("hello"), Succeeds());
  ASSERT_THAT(blobs_->Put("you"), Succeeds());
  EXPECT_EQ(used(), (std::pair<int64_t, int64_t>(2, 8)));
  ASSERT_THAT(blobs_->Delete(hello), Succeeds());
  ASSERT_THAT(blobs_->Delete(hello), Succeeds());
  EXPECT_EQ(used(), (std::pair<int64_t, int64_t>(1, 3)));
  blobs_ = *OpenBlobFolder(folder_.path());
  EXPECT_EQ(used(), (std::pair<int64_t, int64_t>(1, 3))) << "also those of an earlier process";
}

TEST_F(FolderBlobStoreTest, WhatIsNotThereOrTooLargeIsAnError) {
  ASSERT_OK_AND_ASSIGN(const std::string digest, blobs_->Put("hello"));
  EXPECT_THAT(blobs_->Get(digest, 4),
              Fails(absl::StatusCode::kInvalidArgument, HasSubstr("5 bytes")));
  EXPECT_THAT(blobs_->Delete(digest), Succeeds());
  EXPECT_THAT(blobs_->Delete(digest), Succeeds());
  EXPECT_THAT(blobs_->Get(digest, 5), Fails(absl::StatusCode::kNotFound, HasSubstr(digest)));
  EXPECT_THAT(blobs_->Get("../../etc/passwd", 5),
              Fails(absl::StatusCode::kNotFound, HasSubstr("blob")));
}

}  // namespace
}  // namespace imprint
