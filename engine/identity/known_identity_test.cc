#include "engine/identity/known_identity.h"

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

namespace fs = std::filesystem;

class KnownIdentityTest : public ::testing::Test {
 protected:
  KnownIdentityTest() { fs::copy(IMPRINT_SOURCE_DIR "/models/demo", model_, kAll); }

  absl::StatusOr<ModelIdentity> Identify() {
    const auto files = ModelFiles::Open(model_);
    return files.ok() ? KnownIdentity(**files, cache_) : files.status();
  }

  // The one entry of the cache.
  fs::path Entry() { return fs::directory_iterator(cache_)->path(); }

  static constexpr auto kAll = fs::copy_options::recursive;
  ScratchFolder scratch_;
  fs::path model_ = scratch_.path() / "model";
  fs::path cache_ = scratch_.path() / "cache" / "identities";
};

TEST_F(KnownIdentityTest, IsComputedOnceAndKept) {
  ASSERT_OK_AND_ASSIGN(const ModelIdentity computed, Identify());
  ASSERT_OK_AND_ASSIGN(const auto files, ModelFiles::Open(model_));
  EXPECT_EQ(computed.fingerprint, IdentifyModel(*files)->fingerprint);
  // What is kept is what is read.
  scratch_.Write(fs::relative(Entry(), scratch_.path()),
                 R"({"fingerprint": "kept", "text_encoder": "sd1", "embedding_width": 768,
                     "damage": "of old"})");
  ASSERT_OK_AND_ASSIGN(const ModelIdentity known, Identify());
  EXPECT_EQ(known.fingerprint, "kept");
  EXPECT_EQ(known.embedding_width, 768);
  EXPECT_EQ(known.damage, "of old");
  EXPECT_EQ(known.picture_size, 64) << "configurations are always read";
}

TEST_F(KnownIdentityTest, ChangedWeightsAreHashedAgain) {
  ASSERT_OK_AND_ASSIGN(const ModelIdentity before, Identify());
  const fs::path weights = model_ / "vae" / "diffusion_pytorch_model.safetensors";
  std::string content = FileContent(weights);
  content.back() = static_cast<char>(content.back() ^ 1);
  scratch_.Write("model/vae/diffusion_pytorch_model.safetensors", content);
  fs::last_write_time(weights, fs::last_write_time(weights) + std::chrono::seconds(1));
  ASSERT_OK_AND_ASSIGN(const ModelIdentity after, Identify());
  EXPECT_NE(before.fingerprint, after.fingerprint);
}

TEST_F(KnownIdentityTest, ADamagedOrUnwritableCacheCostsNothing) {
  ASSERT_OK_AND_ASSIGN(const ModelIdentity before, Identify());
  scratch_.Write(fs::relative(Entry(), scratch_.path()), "{\"fingerprint\": 7");
  EXPECT_EQ(Identify()->fingerprint, before.fingerprint);
  cache_ = scratch_.Write("a file", "") / "below it";
  EXPECT_EQ(Identify()->fingerprint, before.fingerprint);
  cache_.clear();
  EXPECT_EQ(Identify()->fingerprint, before.fingerprint);
}

}  // namespace
}  // namespace imprint::engine
