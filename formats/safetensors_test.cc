#include "formats/safetensors.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;
using Parts = std::vector<std::string>;

std::string WithHeader(absl::string_view header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), 8);
  return absl::StrCat(file, header, std::string(data_bytes, '\0'));
}

absl::Status ParseStatus(absl::string_view file) {
  TensorViews tensors;
  TensorMetadata metadata;
  return ParseSafetensors(std::as_bytes(std::span(file)), "m.safetensors", tensors, metadata);
}

absl::Status ParseHeader(absl::string_view header, size_t data_bytes) {
  return ParseStatus(WithHeader(header, data_bytes));
}

std::string TwoTensors() {
  const std::vector<float> a = {1, 2, 3, 4, 5, 6};
  const std::vector<uint8_t> b = {7};
  return SerializeSafetensors({{"b", {DType::kU8, {1}, std::as_bytes(std::span(b))}},
                               {"a", {DType::kF32, {2, 3}, std::as_bytes(std::span(a))}}},
                              {{"note", "x"}});
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  const ScratchFolder folder;
  ASSERT_OK_AND_ASSIGN(const SafetensorsFile file,
                       SafetensorsFile::Open(folder.Write("a.safetensors", TwoTensors())));
  EXPECT_EQ(file.metadata().at("note"), "x");
  const TensorView& a = file.tensors().at("a");
  EXPECT_EQ(Describe(a), "F32 [2, 3]");
  float last = 0;
  std::memcpy(&last, a.data.data() + 20, 4);
  EXPECT_EQ(last, 6);
  EXPECT_EQ(file.tensors().at("b").data[0], std::byte{7});
}

TEST(Safetensors, DataStartsAligned) {
  const std::string file = TwoTensors();
  uint64_t header = 0;
  std::memcpy(&header, file.data(), 8);
  EXPECT_EQ(header % 8, 0u);
}

TEST(Safetensors, AFileCutAtAnyByteIsRefused) {
  const std::string file = TwoTensors();
  ASSERT_TRUE(ParseStatus(file).ok());
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THAT(ParseStatus(file.substr(0, size)), RefusesNaming(Parts{"m.safetensors"})) << size;
  }
}

TEST(Safetensors, AHeaderLongerThanTheFileIsRefused) {
  std::string file = TwoTensors();
  std::memset(file.data(), 0xFF, 8);
  EXPECT_THAT(ParseStatus(file), RefusesNaming(Parts{"header length", "18446744073709551615"}));
}

TEST(Safetensors, TextIsRefused) {
  EXPECT_THAT(ParseStatus("This is just a text file, renamed."),
              RefusesNaming(Parts{"m.safetensors", "header length"}));
  EXPECT_THAT(ParseHeader("[1]", 0), RefusesNaming(Parts{"header"}));
  EXPECT_THAT(ParseHeader("{\"a\":", 0), RefusesNaming(Parts{"header"}));
}

TEST(Safetensors, OverlappingOffsetsAreRefused) {
  EXPECT_THAT(ParseHeader(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
                              "b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                          12),
              RefusesNaming(Parts{"\"b\"", "data_offsets", "inside", "byte 8"}));
}

TEST(Safetensors, GapsAndTrailingBytesAreRefused) {
  EXPECT_THAT(ParseHeader(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3),
              RefusesNaming(Parts{"\"a\"", "gap"}));
  EXPECT_THAT(ParseHeader(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 3),
              RefusesNaming(Parts{"byte 2 of 3"}));
}

TEST(Safetensors, OverflowingOffsetsAndShapesAreRefused) {
  EXPECT_THAT(
      ParseHeader(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551615,0]}})", 4),
      RefusesNaming(Parts{"\"a\"", "data_offsets"}));
  EXPECT_THAT(ParseHeader(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})", 4),
              RefusesNaming(Parts{"\"a\"", "data_offsets", "4 bytes"}));
  // 2^32 * 2^32 elements wrap to 0 bytes.
  EXPECT_THAT(
      ParseHeader(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
                  0),
      RefusesNaming(Parts{"\"a\"", "shape", "2^64"}));
}

TEST(Safetensors, OffsetsMustAgreeWithTheShape) {
  EXPECT_THAT(ParseHeader(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8),
              RefusesNaming(Parts{"8 bytes", "12 bytes"}));
}

TEST(Safetensors, OddEntriesAreRefused) {
  for (const auto& [header, part] : std::vector<std::pair<std::string, std::string>>{
           {R"({"a":3})", "not an object"},
           {R"({"a":{}})", "dtype"},
           {R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", "F31"},
           {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "shape"},
           {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", "shape"},
           {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "data_offsets"},
           {R"({"__metadata__":{"x":1}})", "__metadata__"},
           {R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},
                "a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
            "distinct"}}) {
    EXPECT_THAT(ParseHeader(header, 4), RefusesNaming(Parts{part})) << header;
  }
}

TEST(Safetensors, AMissingFileIsNotFound) {
  EXPECT_THAT(SafetensorsFile::Open("/no/such.safetensors"),
              Fails(absl::StatusCode::kNotFound, HasSubstr("/no/such.safetensors")));
}

TEST(Safetensors, EmptyTensorsAndScalarsAreAllowed) {
  EXPECT_THAT(ParseHeader(R"({"a":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},
                              "b":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})",
                          4),
              Succeeds());
}

}  // namespace
}  // namespace imprint
