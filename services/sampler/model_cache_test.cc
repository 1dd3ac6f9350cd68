// With the demo model.
#include "services/sampler/model_cache.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "engine/model/base_model.h"

namespace imprint::sampler {
namespace {

TEST(ModelCache, AModelThatIsInUseStaysInMemory) {
  const std::string folder = IMPRINT_SOURCE_DIR "/models/demo";
  const ScratchFolder scratch;
  std::filesystem::copy(folder, scratch.path() / "copy", std::filesystem::copy_options::recursive);
  v1::ModelLocation location;
  location.set_folder(folder);
  location.set_fingerprint((*engine::BaseModel::Load(folder))->info().fingerprint);
  v1::ModelLocation copy = location;
  copy.set_folder((scratch.path() / "copy").string());

  ModelCache models(2, {});
  const auto in_use = models.Get(location, Precision::kFp32)->model;
  models.Get(copy, Precision::kFp32).IgnoreError();
  models.Get(copy, Precision::kBf16).IgnoreError();
  EXPECT_TRUE(models.Has(location, Precision::kFp32)) << "the oldest";
  EXPECT_FALSE(models.Has(copy, Precision::kFp32));
  EXPECT_TRUE(models.Has(copy, Precision::kBf16));
}

}  // namespace
}  // namespace imprint::sampler
