#include "orders/compute_options.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

constexpr ComputeDevice kGpu = {DeviceKind::kCuda, 0};

TEST(CheckCompute, AProcessorIsAskedForNothingThatOnlyAGpuHas) {
  EXPECT_THAT(CheckCompute({}), Succeeds());
  EXPECT_THAT(CheckCompute({.memory_mb = 4096, .gradient_checkpointing = true}), Succeeds());
  EXPECT_THAT(CheckCompute({.device_memory_mb = 4096}),
              RefusesNaming(Parts{"device-memory-mb: got 4096", "without a GPU: memory-mb"}));
  EXPECT_THAT(CheckCompute({.cuda_graph = true}), RefusesNaming(Parts{"cuda-graph: got true"}));
}

TEST(CheckCompute, AGraphIsRecordedInEveryPrecisionButFp16) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    EXPECT_THAT(CheckCompute({.device = kGpu, .precision = precision, .cuda_graph = true}),
                Succeeds());
  }
  EXPECT_THAT(CheckCompute({.device = kGpu, .precision = Precision::kFp16, .cuda_graph = true}),
              RefusesNaming(Parts{"cuda-graph: got true", "false in fp16"}));
  EXPECT_THAT(CheckCompute({.device = kGpu, .precision = Precision::kFp16}), Succeeds());
}

TEST(CheckCompute, WhatIsOutOfRangeIsNamedByItsFlag) {
  EXPECT_THAT(CheckCompute({.device = kGpu, .device_memory_mb = -1}),
              RefusesNaming(Parts{"device-memory-mb: got -1", "0 to 16777216"}));
  static constexpr auto kRows =
      WithFlags(kComputeRows,
                {{"device_memory_mb", "rank-device-memory-mb"}, {"memory_mb", "rank-memory-mb"}});
  EXPECT_THAT(CheckCompute({.device_memory_mb = 1}, kRows),
              RefusesNaming(Parts{"rank-device-memory-mb: got 1", "rank-memory-mb limits"}));
  static constexpr auto kWithoutMemory = WithFlags(kComputeRows, {{"memory_mb", ""}});
  const absl::Status refused = CheckCompute({.device_memory_mb = 1}, kWithoutMemory);
  EXPECT_THAT(refused, RefusesNaming(Parts{"device-memory-mb: got 1", "0 without a GPU"}));
  EXPECT_EQ(refused.message().find("limits"), absl::string_view::npos) << "there is no such flag";
}

TEST(PrecisionsWith, ADeviceThatRecordsGraphsHasNoFp16) {
  const std::vector<Precision> all = {Precision::kBf16, Precision::kFp16, Precision::kFp32};
  EXPECT_EQ(PrecisionsWith({.device = kGpu}, all), all);
  EXPECT_EQ(PrecisionsWith({.device = kGpu, .cuda_graph = true}, all),
            (std::vector<Precision>{Precision::kBf16, Precision::kFp32}));
}

TEST(ComputeOptions, AreReadAsTheyWereWritten) {
  const ComputeOptions options = {.device = kGpu,
                                  .precision = Precision::kBf16,
                                  .threads = 3,
                                  .memory_mb = 1,
                                  .device_memory_mb = 2,
                                  .gradient_checkpointing = true,
                                  .cuda_graph = true};
  ASSERT_OK_AND_ASSIGN(const JsonObject json, JsonObject::Parse(ToJson(options).dump(), "r.json"));
  ASSERT_OK_AND_ASSIGN(const ComputeOptions read, ComputeOptionsFromJson(json));
  EXPECT_EQ(read, options);
  EXPECT_EQ(read.choice(), (ComputeChoice{kGpu, Precision::kBf16}));
}

TEST(ComputeOptions, WhatIsNotWrittenHasItsDefault) {
  ASSERT_OK_AND_ASSIGN(const JsonObject json, JsonObject::Parse(R"({"threads": 2})", "r.json"));
  ASSERT_OK_AND_ASSIGN(const ComputeOptions read, ComputeOptionsFromJson(json));
  EXPECT_EQ(read.threads, 2);
  EXPECT_EQ(read.device, std::nullopt);
  EXPECT_EQ(read.choice(), ComputeChoice());
  ASSERT_OK_AND_ASSIGN(const JsonObject bad, JsonObject::Parse(R"({"device": "tpu"})", "r.json"));
  EXPECT_THAT(ComputeOptionsFromJson(bad).status(),
              RefusesNaming(Parts{"r.json: device: got \"tpu\"", "cpu, cuda"}));
}

}  // namespace
}  // namespace imprint
