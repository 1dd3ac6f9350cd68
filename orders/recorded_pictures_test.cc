#include "orders/recorded_pictures.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::SizeIs;
using Parts = std::vector<std::string>;

class RecordedPicturesTest : public ::testing::Test {
 protected:
  RecordedPictures Reread(const PictureManifest& manifest) {
    EXPECT_THAT(WriteManifest(folder_.path(), manifest), Succeeds());
    auto read = Read();
    EXPECT_TRUE(read.ok()) << read.status();
    return read.ok() ? *std::move(read) : RecordedPictures();
  }

  absl::StatusOr<RecordedPictures> Read() {
    return ReadRecordedPictures(folder_.path() / kManifestName);
  }

  // A manifest with one picture, whose fields `json` has besides those that every one has.
  std::string OfOne(nlohmann::json json) {
    json.update({{"prompt", "a"}, {"seed", 1}, {"file", "1.png"}, {"sha256", "22"}});
    return nlohmann::json({{"base_model", {{"fingerprint", "f"}}},
                           {"embeddings", nlohmann::json::array()},
                           {"pictures", {json}}})
        .dump();
  }

  const ScratchFolder folder_;
};

TEST_F(RecordedPicturesTest, EveryOptionComesBack) {
  PictureRequest request = {.prompt = "a <pip>",
                            .negative_prompt = "blur",
                            .seed = UINT64_MAX,
                            .width = 64,
                            .height = 32,
                            .steps = 7,
                            .solver = {SolverMethod::kUniPc, true},
                            .guidance = 7.5,
                            .guidance_rescale = 0.5,
                            .prompt_style = PromptStyle::kLiteral,
                            .clip_skip = 2,
                            .upscale = 2,
                            .upscale_strength = 0.25};
  const auto read = Reread({.base_model = {{"fingerprint", "abc"}, {"path", "/model"}},
                            .embeddings = {{.token = "<pip>", .path = "/pip", .sha256 = "00"}},
                            .pictures = {{.request = request, .file = "1.png", .sha256 = "22"}}});
  ASSERT_THAT(read.pictures, SizeIs(1));
  EXPECT_EQ(ToJson({.request = read.pictures[0].request}), ToJson({.request = request}));
  EXPECT_EQ(read.pictures[0].file, "1.png");
  EXPECT_EQ(read.pictures[0].sha256, "22");
  EXPECT_EQ(read.model_path, "/model");
  EXPECT_EQ(read.model_fingerprint, "abc");
  ASSERT_THAT(read.embeddings, SizeIs(1));
  EXPECT_EQ(read.embeddings[0].token, "<pip>");
  EXPECT_EQ(read.embeddings[0].path, "/pip");
}

TEST_F(RecordedPicturesTest, ADrawingHereSaysOnceWhatItWasComputedWith) {
  const auto read = Reread({.base_model = {{"fingerprint", "abc"}},
                            .pictures = {{.request = {.prompt = "blocked"}},
                                         {.request = {.prompt = "a"}, .file = "2.png"}},
                            .more = {{"imprint", "1.2"},
                                     {"device", "cuda:1"},
                                     {"device_model", "H200"},
                                     {"precision", "bf16"},
                                     {"compute_threads", 3},
                                     {"batch_places", 4},
                                     {"source", {{"path", "/from.png"}, {"sha256", "33"}}}}});
  ASSERT_THAT(read.pictures, SizeIs(1)) << "nothing was written of the blocked one";
  const RecordedPicture& picture = read.pictures[0];
  EXPECT_EQ(picture.position, 1) << "but it had a place";
  EXPECT_EQ(picture.version, "1.2");
  EXPECT_EQ(picture.device, DeviceKind::kCuda);
  EXPECT_EQ(picture.device_model, "H200");
  EXPECT_EQ(picture.precision, Precision::kBf16);
  EXPECT_EQ(picture.threads, 3);
  EXPECT_EQ(picture.batch_places, 4);
  EXPECT_EQ(read.source_path, "/from.png");
  EXPECT_EQ(read.source_sha256, "33");
}

TEST_F(RecordedPicturesTest, OneFromARegistrySaysItItself) {
  const nlohmann::json more = {{"item", "imageSets/a/items/17"},
                               {"precision", "fp32"},
                               {"computation",
                                {{"version", "1.2"},
                                 {"device", "cpu"},
                                 {"device_model", "EPYC"},
                                 {"threads", 2},
                                 {"batch_places", 8}}}};
  const auto read = Reread(
      {.base_model = {{"fingerprint", "abc"}},
       .embeddings = {{.token = "<mia>", .name = "concepts/mia/embeddings/1", .sha256 = "11"}},
       .pictures = {{.request = {.prompt = "a"}, .file = "1.png", .more = more}},
       .more = {{"imprint", "9"}}});
  ASSERT_THAT(read.pictures, SizeIs(1));
  const RecordedPicture& picture = read.pictures[0];
  EXPECT_EQ(picture.position, 17);
  EXPECT_EQ(picture.version, "1.2");
  EXPECT_EQ(picture.device, DeviceKind::kCpu);
  EXPECT_EQ(picture.device_model, "EPYC");
  EXPECT_EQ(picture.precision, Precision::kFp32);
  EXPECT_EQ(picture.threads, 2);
  EXPECT_EQ(picture.batch_places, 8);
  EXPECT_EQ(read.embeddings[0].name, "concepts/mia/embeddings/1");
}

TEST_F(RecordedPicturesTest, WhatAnEarlierManifestDoesNotSayIsEmpty) {
  folder_.Write(kManifestName, OfOne({{"steps", 3}}));
  ASSERT_OK_AND_ASSIGN(const RecordedPictures read, Read());
  ASSERT_THAT(read.pictures, SizeIs(1));
  EXPECT_EQ(read.pictures[0].request.steps, 3);
  EXPECT_EQ(read.pictures[0].threads, 0);
  EXPECT_EQ(read.pictures[0].batch_places, 0);
  EXPECT_EQ(read.pictures[0].device, std::nullopt);
  EXPECT_EQ(read.pictures[0].precision, Precision::kFp32);
  EXPECT_EQ(read.source_path, "");
}

TEST_F(RecordedPicturesTest, AFileIsInTheManifestsFolder) {
  folder_.Write(kManifestName, R"({"base_model": {"fingerprint": "f"}, "embeddings": [],
    "pictures": [{"prompt": "a", "seed": 1, "file": "../../out.png", "sha256": "22"}]})");
  ASSERT_OK_AND_ASSIGN(const RecordedPictures read, Read());
  EXPECT_EQ(read.pictures.at(0).file, "out.png");
}

TEST_F(RecordedPicturesTest, DamageIsNamed) {
  const auto refused = [&](const nlohmann::json& json, const Parts& parts) {
    folder_.Write(kManifestName, OfOne(json));
    EXPECT_THAT(Read(), RefusesNaming(parts));
  };
  refused({{"steps", 0}}, {"manifest.json: pictures[0]", "steps"});
  refused({{"solver", "heun"}}, {"pictures[0]", "solver", "heun"});
  refused({{"upscale", 2}}, {"pictures[0]", "upscale"});
  refused({{"upscale", {{"factor", 2}}}}, {"upscale", "strength"});
  refused({{"item", "imageSets/a"}}, {"pictures[0]: item", "imageSets/a"});
  refused({{"computation", {{"threads", -1}}}}, {"threads", "-1"});
  refused({{"computation", {{"batch_places", 257}}}}, {"batch_places", "257"});
  refused({{"computation", {{"device", "tpu"}}}}, {"manifest.json", "device", "tpu"});
  refused({{"precision", "fp8"}}, {"pictures[0]: precision", "fp8"});
  folder_.Write(kManifestName, R"({"pictures": [], "embeddings": []})");
  EXPECT_THAT(Read(), RefusesNaming(Parts{"base_model"}));
  folder_.Write(kManifestName, R"({"pictures": [{"file": "a.png"}], "embeddings": []})");
  EXPECT_THAT(Read(), RefusesNaming(Parts{"pictures[0]", "prompt"}));
}

}  // namespace
}  // namespace imprint
