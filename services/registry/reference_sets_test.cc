#include "services/registry/reference_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/registry_fixture.h"

namespace imprint::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Parts = std::vector<std::string>;

using ReferenceSetsTest = RegistryFixture;

TEST_F(ReferenceSetsTest, WhatWasUploadedIsThereWithItsRights) {
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet set, Upload(Header("rex"), {Png(1), Png(2)}));
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet read, references_.Get("referenceSets/rex"));
  EXPECT_EQ(read.SerializeAsString(), set.SerializeAsString());
  EXPECT_EQ(read.rights().creator(), "Ada");
  ASSERT_OK_AND_ASSIGN(const Blob original, references_.Original(read, 1));
  EXPECT_EQ(original.text(), Png(2));
}

TEST_F(ReferenceSetsTest, WithoutRightsNothingIsTaken) {
  ReferenceSets::Header header = Header("rex");
  header.mutable_rights()->clear_creator();
  EXPECT_THAT(Upload(header, {Png(1)}), RefusesNaming(Parts{"header.rights.creator: got none"}));
  header = Header("rex");
  header.mutable_rights()->clear_people();
  EXPECT_THAT(Upload(header, {Png(1)}), RefusesNaming(Parts{"header.rights.people"}));
  header = Header("rex");
  header.mutable_rights()->set_people(v1::PEOPLE_SHOWN_WITH_CONSENT);
  EXPECT_THAT(Upload(header, {Png(1)}), RefusesNaming(Parts{"header.rights.consent"}));
}

TEST_F(ReferenceSetsTest, OneBadPictureRefusesAllAndIsNamed) {
  EXPECT_THAT(Upload(Header("rex"), {Png(1), "no picture"}), RefusesNaming(Parts{"\"p1.png\""}));
  EXPECT_THAT(references_.Get("referenceSets/rex"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("referenceSets/rex")));
}

TEST_F(ReferenceSetsTest, TheSameFileTwiceIsRefusedAndALikenessIsAWarning) {
  EXPECT_THAT(Upload(Header("rex"), {Png(1), Png(1)}),
              RefusesNaming(Parts{"\"p1.png\"", "\"p0.png\""}));
  RgbImage image = RgbImage::Blank(64, 64, 10);
  for (int x = 0; x < 64; ++x) image.Pixel(x, 5)[0] = static_cast<uint8_t>(4 * x);
  const std::string original = *EncodePicture(image, PictureFormat::kPng);
  image.Pixel(60, 60)[1] = 12;
  const std::string touched = *EncodePicture(image, PictureFormat::kPng);
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet set, Upload(Header("rex"), {original, touched}));
  EXPECT_THAT(set.warnings(), ElementsAre(HasSubstr("p1.png looks almost like p0.png")));
}

TEST_F(ReferenceSetsTest, ASmallPictureIsAWarning) {
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet set, Upload(Header("small"), {Png(1, 32, 32)}));
  EXPECT_THAT(set.warnings(), ElementsAre(HasSubstr("p0.png is only 32×32 pixels")));
}

TEST_F(ReferenceSetsTest, TheDemosPicturesAreNotTakenForOneAnother) {
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(IMPRINT_SOURCE_DIR "/models/demo/concepts/pip/images")) {
    files.push_back(FileContent(entry.path()));
  }
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet set, Upload(Header("pip"), files));
  EXPECT_THAT(set.warnings(), IsEmpty());
}

TEST_F(ReferenceSetsTest, TheSameUploadAgainIsTheSameAndAnotherIsRefused) {
  ReferenceSets::Header header = Header("rex");
  header.set_request_id("r");
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet first, Upload(header, {Png(1)}));
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet again, Upload(header, {Png(1)}));
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  EXPECT_THAT(Upload(header, {Png(2)}),
              Fails(absl::StatusCode::kAlreadyExists, HasSubstr("referenceSets/rex")));
  header.set_reference_set_id("another");
  EXPECT_THAT(Upload(header, {Png(1)}),
              Fails(absl::StatusCode::kAlreadyExists, HasSubstr("request_id")));
}

TEST_F(ReferenceSetsTest, ASetThatIsTaughtFromIsNotDeleted) {
  ASSERT_THAT(Upload(Header("rex"), {Png(1)}), Succeeds());
  ASSERT_THAT(Ticket("jobs/a", 1, "", "referenceSets/rex"), Succeeds());
  EXPECT_THAT(references_.Delete("referenceSets/rex"),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("cancel the job")));
  ASSERT_THAT(tickets_.Revoke("jobs/a"), Succeeds());
  EXPECT_THAT(references_.Delete("referenceSets/rex", "0"),
              Fails(absl::StatusCode::kAborted, HasSubstr("etag")));
  EXPECT_THAT(references_.Delete("referenceSets/rex", "1"), Succeeds());
}

TEST_F(ReferenceSetsTest, FilesGoWithTheLastSetThatHasThem) {
  ASSERT_THAT(Upload(Header("a"), {Png(1), Png(2)}), Succeeds());
  ASSERT_THAT(Upload(Header("b"), {Png(2)}), Succeeds());
  ASSERT_THAT(references_.Delete("referenceSets/a"), Succeeds());
  EXPECT_THAT(*blobs_->List(), ElementsAre(Sha256Hex(Png(2))));
  ASSERT_THAT(references_.Delete("referenceSets/b"), Succeeds());
  EXPECT_THAT(*blobs_->List(), IsEmpty());
}

TEST_F(ReferenceSetsTest, AnUploadThatComesToNothingLeavesNothing) {
  EXPECT_FALSE(Upload(Header("a"), {Png(1), "no picture"}).ok());
  EXPECT_THAT(*blobs_->List(), IsEmpty());
}

TEST_F(ReferenceSetsTest, ASetThatGoesTakesNoFileFromOneThatIsComing) {
  ASSERT_THAT(Upload(Header("old"), {Png(1)}), Succeeds());
  ReferenceSets::Header header = Header("new");
  header.set_pictures(2);
  ASSERT_OK_AND_ASSIGN(auto coming, ReferenceSets::Upload::Begin(references_, header));
  ASSERT_THAT(coming.BeginPicture(Announced("a.png", Png(1))), Succeeds());
  ASSERT_THAT(coming.Append(Png(1)), Succeeds());
  ASSERT_THAT(coming.BeginPicture(Announced("b.png", Png(2))), Succeeds());
  ASSERT_THAT(coming.Append(Png(2)), Succeeds());
  ASSERT_THAT(references_.Delete("referenceSets/old"), Succeeds());
  ASSERT_OK_AND_ASSIGN(const v1::ReferenceSet set, coming.Finish());
  EXPECT_EQ(references_.Original(set, 0)->text(), Png(1));
}

// As gRPC gives it when a message in the middle is over its limit: the stream ends as at the end.
TEST_F(ReferenceSetsTest, AnUploadThatBreaksOffIsNoSet) {
  ReferenceSets::Header header = Header("rex");
  header.set_pictures(2);
  const auto begin = [&] { return ReferenceSets::Upload::Begin(references_, header); };
  {
    ASSERT_OK_AND_ASSIGN(auto upload, begin());
    EXPECT_THAT(upload.Finish(), RefusesNaming(Parts{"pictures: got 0", "2, as header.pictures"}));
  }
  {
    ASSERT_OK_AND_ASSIGN(auto upload, begin());
    ASSERT_THAT(upload.BeginPicture(Announced("a.png", Png(1))), Succeeds());
    ASSERT_THAT(upload.Append(Png(1)), Succeeds());
    EXPECT_THAT(upload.Finish(), RefusesNaming(Parts{"pictures: got 1", "2, as header.pictures"}));
  }
  {
    ASSERT_OK_AND_ASSIGN(auto upload, begin());
    ASSERT_THAT(upload.BeginPicture(Announced("a.png", Png(1))), Succeeds());
    ASSERT_THAT(upload.Append(Png(1).substr(0, 20)), Succeeds());
    EXPECT_THAT(upload.BeginPicture(Announced("b.png", Png(2))),
                RefusesNaming(Parts{"picture \"a.png\": got 20 bytes", "as its header says"}));
  }
  {
    ASSERT_OK_AND_ASSIGN(auto upload, begin());
    ASSERT_THAT(upload.BeginPicture(Announced("a.png", Png(1))), Succeeds());
    EXPECT_THAT(upload.Append(Png(1) + "more"), RefusesNaming(Parts{"picture \"a.png\""}));
  }
  {
    ASSERT_OK_AND_ASSIGN(auto upload, begin());
    std::string other = Png(1);
    other[other.size() / 2] ^= 1;
    ASSERT_THAT(upload.BeginPicture(Announced("a.png", Png(1))), Succeeds());
    ASSERT_THAT(upload.Append(other), Succeeds());
    EXPECT_THAT(upload.Finish(), RefusesNaming(Parts{"picture \"a.png\": got SHA-256"}));
  }
  EXPECT_THAT(*blobs_->List(), IsEmpty());
}

TEST_F(ReferenceSetsTest, AnUploadSaysHowMuchComes) {
  EXPECT_THAT(ReferenceSets::Upload::Begin(references_, Header("rex")),
              RefusesNaming(Parts{"header.pictures: got 0"}));
  ReferenceSets::Header header = Header("rex");
  header.set_pictures(1);
  ASSERT_OK_AND_ASSIGN(auto upload, ReferenceSets::Upload::Begin(references_, header));
  ReferenceSets::PictureHeader picture = Announced("a.png", Png(1));
  picture.set_bytes(0);
  EXPECT_THAT(upload.BeginPicture(picture), RefusesNaming(Parts{"picture.bytes: got 0"}));
  picture = Announced("a.png", Png(1));
  picture.clear_sha256();
  EXPECT_THAT(upload.BeginPicture(picture), RefusesNaming(Parts{"picture.sha256: got none"}));
  ASSERT_THAT(upload.BeginPicture(Announced("a.png", Png(1))), Succeeds());
  ASSERT_THAT(upload.Append(Png(1)), Succeeds());
  EXPECT_THAT(upload.BeginPicture(Announced("b.png", Png(2))),
              RefusesNaming(Parts{"pictures: got 2", "1, as header.pictures says"}));
}

}  // namespace
}  // namespace imprint::registry
