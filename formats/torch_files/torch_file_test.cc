#include "formats/torch_files/torch_file.h"

#include <cstring>

#include "absl/strings/str_replace.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "formats/torch_files/pickle_limits.h"
#include "formats/torch_files/torch_writer.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using Parts = std::vector<std::string>;
using Spec = PickleWriter::TensorSpec;

std::string TensorPickle(const Spec& spec) { return PickleWriter().Tensor(spec).Done(); }

// The tensor that is the whole file.
absl::StatusOr<std::vector<float>> Values(const std::string& file) {
  auto torch = TorchFile::Parse(std::as_bytes(std::span(file)));
  if (!torch.ok()) return torch.status();
  const auto bytes = torch->Read(*torch->root().As<PickledTensor>());
  if (!bytes.ok()) return bytes.status();
  std::vector<float> values(bytes->size() / sizeof(float));
  std::memcpy(values.data(), bytes->data(), bytes->size());
  return values;
}

const StorageBytes& Six() {
  static const StorageBytes& six = *new StorageBytes(Storage<float>("0", {0, 1, 2, 3, 4, 5}));
  return six;
}

// Both containers of one pickle.
std::vector<std::string> Files(const Spec& spec) {
  return {TorchZip(TensorPickle(spec), {Six()}), LegacyTorch(TensorPickle(spec), {Six()})};
}

TEST(TorchFile, BothContainersGiveTheTensor) {
  for (const std::string& file : Files({.elements = 6, .shape = {2, 3}, .strides = {3, 1}})) {
    ASSERT_TRUE(TorchFile::IsOne(std::as_bytes(std::span(file))));
    ASSERT_OK_AND_ASSIGN(const auto values, Values(file));
    EXPECT_THAT(values, ElementsAre(0, 1, 2, 3, 4, 5));
  }
}

TEST(TorchFile, StridesAndOffsetsAreHonoured) {
  for (const std::string& file : Files({.elements = 6, .shape = {3, 2}, .strides = {1, 3}})) {
    ASSERT_OK_AND_ASSIGN(const auto values, Values(file));
    EXPECT_THAT(values, ElementsAre(0, 3, 1, 4, 2, 5));
  }
  for (const std::string& file :
       Files({.elements = 6, .offset = 1, .shape = {2, 2}, .strides = {3, 1}})) {
    ASSERT_OK_AND_ASSIGN(const auto values, Values(file));
    EXPECT_THAT(values, ElementsAre(1, 2, 4, 5));
  }
}

TEST(TorchFile, NumbersMayBeSharedByRows) {
  // expand() writes a stride of 0, as_strided() any.
  for (const std::string& file : Files({.elements = 6, .shape = {2, 2}, .strides = {0, 1}})) {
    ASSERT_OK_AND_ASSIGN(const auto values, Values(file));
    EXPECT_THAT(values, ElementsAre(0, 1, 0, 1));
  }
  for (const std::string& file : Files({.elements = 6, .shape = {3, 2}, .strides = {1, 1}})) {
    ASSERT_OK_AND_ASSIGN(const auto values, Values(file));
    EXPECT_THAT(values, ElementsAre(0, 1, 1, 2, 2, 3));
  }
}

TEST(TorchFile, ATensorStaysInItsStorage) {
  for (const Spec& spec : std::vector<Spec>{
           {.elements = 6, .shape = {7}, .strides = {1}},
           {.elements = 6, .offset = 6, .shape = {1}, .strides = {1}},
           {.elements = 6, .offset = 1, .shape = {2, 3}, .strides = {3, 1}},
           {.elements = 6, .offset = INT64_MAX, .shape = {2}, .strides = {1}},
           {.elements = 6, .shape = {INT64_MAX}, .strides = {INT64_MAX}},
           {.elements = 6, .shape = {3, 3}, .strides = {INT64_MAX / 2, INT64_MAX / 2}}}) {
    for (const std::string& file : Files(spec)) {
      EXPECT_THAT(Values(file), RefusesNaming(Parts{"strides", "within its storage of 6"}));
    }
  }
}

TEST(TorchFile, AStorageHasTheSizeThatThePickleSays) {
  for (const int64_t elements : {int64_t{5}, int64_t{7}, INT64_MAX, int64_t{1} << 62}) {
    for (const std::string& file : Files({.elements = elements, .shape = {2}, .strides = {1}})) {
      EXPECT_THAT(Values(file), RefusesNaming(Parts{absl::StrCat(elements), "as its pickle says"}))
          << elements;
    }
  }
  EXPECT_THAT(Values(TorchZip(TensorPickle({.storage = "LongStorage",
                                            .elements = int64_t{1} << 61,
                                            .shape = {1},
                                            .strides = {1}}),
                              {Six()})),
              RefusesNaming(Parts{"24 bytes", "as its pickle says"}));
  EXPECT_THAT(
      Values(LegacyTorch(TensorPickle({.elements = int64_t{1} << 61, .shape = {1}, .strides = {1}}),
                         {{"0", int64_t{1} << 61, "1234"}})),
      RefusesNaming(Parts{"storage \"0\"", "less than its size"}));
}

TEST(TorchFile, EveryStorageIsThere) {
  const std::string pickle =
      TensorPickle({.key = "1", .elements = 6, .shape = {6}, .strides = {1}});
  EXPECT_THAT(Values(TorchZip(pickle, {Six()})), RefusesNaming(Parts{"no \"archive/data/1\""}));
  EXPECT_THAT(Values(LegacyTorch(pickle, {})), RefusesNaming(Parts{"storage \"1\": got none"}));
  EXPECT_THAT(Values(LegacyTorch(pickle, {Six()})), RefusesNaming(Parts{"storage keys", "\"0\""}));
}

TEST(TorchFile, AFileCutAnywhereIsRefused) {
  for (const std::string& whole : Files({.elements = 6, .shape = {6}, .strides = {1}})) {
    ASSERT_THAT(Values(whole), Succeeds());
    for (size_t size = 4; size < whole.size(); ++size) {
      EXPECT_FALSE(Values(whole.substr(0, size)).ok()) << size;
    }
  }
}

TEST(TorchFile, BigEndianMachinesFilesAreRefused) {
  const std::string pickle = TensorPickle({.elements = 6, .shape = {6}, .strides = {1}});
  EXPECT_THAT(
      Values(WriteZip({{"a/data.pkl", pickle}, {"a/byteorder", "big"}, {"a/data/0", Six().bytes}})),
      RefusesNaming(Parts{"byteorder: got \"big\"", "\"little\""}));
  EXPECT_THAT(Values(LegacyTorch(pickle, {Six()}, /*little_endian=*/false)),
              RefusesNaming(Parts{"little_endian: got False"}));
}

TEST(TorchFile, DeflatedFilesAreReadWithinLimits) {
  const std::string pickle = TensorPickle({.elements = 6, .shape = {6}, .strides = {1}});
  EXPECT_THAT(Values(WriteZip({{"a/data.pkl", pickle, true}, {"a/data/0", Six().bytes, true}})),
              Succeeds());
  // A thousandth of what they inflate to.
  EXPECT_THAT(Values(WriteZip({{"a/data.pkl", std::string(kMaxPickleBytes + 1, 'N'), true}})),
              RefusesNaming(Parts{"\"a/data.pkl\": size: got 4194305 bytes", "at most 4194304"}));
  EXPECT_THAT(
      Values(WriteZip(
          {{"a/data.pkl", TensorPickle({.elements = 257 << 18, .shape = {6}, .strides = {1}})},
           {"a/data/0", std::string(257 << 20, '\0'), true}})),
      RefusesNaming(Parts{"\"a/data/0\": size: got 269484032 bytes", "at most 268435456"}));
}

// The first of `from` in a zip's directory, and nothing else of it.
std::string InDirectory(std::string zip, size_t at, uint32_t value) {
  const size_t entry = zip.find("PK\1\2");
  std::memcpy(zip.data() + entry + at, &value, 4);
  return zip;
}

TEST(TorchFile, SizesInTheDirectoryAreNotBelieved) {
  const std::string file =
      WriteZip({{"a/data.pkl", TensorPickle({.elements = 6, .shape = {6}, .strides = {1}}), true},
                {"a/data/0", Six().bytes}});
  ASSERT_THAT(Values(file), Succeeds());
  constexpr size_t kInflatedSize = 24;
  EXPECT_FALSE(Values(InDirectory(file, kInflatedSize, 10)).ok());
  EXPECT_FALSE(Values(InDirectory(file, kInflatedSize, 1'000'000)).ok());
  EXPECT_FALSE(Values(InDirectory(file, kInflatedSize, 0xFFFFFFFF)).ok());
  constexpr size_t kOffset = 42;
  EXPECT_FALSE(Values(InDirectory(file, kOffset, 0x7FFFFFFF)).ok());
}

TEST(TorchFile, DamagedNumbersAreSeen) {
  std::string file = TorchZip(TensorPickle({.elements = 6, .shape = {6}, .strides = {1}}), {Six()});
  file[file.find(Six().bytes) + 7] ^= 1;
  EXPECT_THAT(Values(file), RefusesNaming(Parts{"\"archive/data/0\"", "damaged", "CRC"}));
}

TEST(TorchFile, OddZipsAreRefused) {
  const std::string pickle = TensorPickle({.elements = 6, .shape = {6}, .strides = {1}});
  EXPECT_THAT(
      Values(WriteZip({{"a/data.pkl", pickle, false, "secret"}, {"a/data/0", Six().bytes}})),
      RefusesNaming(Parts{"\"a/data.pkl\": got encrypted data"}));
  EXPECT_THAT(Values(WriteZip({{"holiday.png", "x"}})),
              RefusesNaming(Parts{"zip: got no data.pkl"}));
  EXPECT_THAT(Values(WriteZip({{"a/b/data.pkl", pickle}})), RefusesNaming(Parts{"no data.pkl"}));
  EXPECT_THAT(Values(WriteZip({{"a/data.pkl", pickle}, {"b/data.pkl", pickle}})),
              RefusesNaming(Parts{"a/data.pkl", "b/data.pkl", "one data.pkl"}));
  const std::string twice = absl::StrReplaceAll(
      WriteZip({{"a/data.pkl", pickle}, {"a/data.pkk", pickle}}), {{"a/data.pkk", "a/data.pkl"}});
  const std::string odd =
      absl::StrReplaceAll(WriteZip({{"a/data.pkl", pickle}, {"b/data.pkl", pickle}}),
                          {{"b/data.pkl", "\xff/data.pkl"}});
  EXPECT_THAT(Values(odd), RefusesNaming(Parts{"zip: got a name of its file 1", "no UTF-8"}));
  EXPECT_THAT(Values(twice), RefusesNaming(Parts{"zip: got a damaged", "already exists"}));
  EXPECT_THAT(Values(WriteZip({{"a/data.pkl", pickle + "N."}, {"a/data/0", Six().bytes}})),
              RefusesNaming(Parts{"a/data.pkl: got 2 bytes more", "one pickle"}));
}

TEST(TorchFile, OtherProgramsPicklesAreRefused) {
  EXPECT_THAT(Values(PickleWriter().Raw("}").Done()),
              RefusesNaming(Parts{"a dict of 0", "torch.save's magic number"}));
  std::string next =
      LegacyTorch(TensorPickle({.elements = 6, .shape = {6}, .strides = {1}}), {Six()});
  next = absl::StrReplaceAll(
      next, {{PickleWriter().Number(1001).Done(), PickleWriter().Number(1002).Done()}});
  EXPECT_THAT(Values(next), RefusesNaming(Parts{"torch.save's version", "1002", "1001"}));
}

TEST(TorchFile, ATensorSpreadTooFarIsRefused) {
  const int64_t count = kMaxTensorSpan / sizeof(float) + 2;
  EXPECT_THAT(
      Values(TorchZip(TensorPickle({.elements = count, .shape = {2}, .strides = {count - 1}}),
                      {{"0", count, std::string(static_cast<size_t>(count) * 4, '\0')}})),
      RefusesNaming(Parts{"strides", "spread over"}));
}

}  // namespace
}  // namespace imprint
