#include "formats/embedding_files/embedding_file.h"

#include "absl/strings/escaping.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "formats/safetensors.h"
#include "formats/torch_files/torch_writer.h"

namespace imprint {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Parts = std::vector<std::string>;

const std::vector<float>& Four() {
  static const std::vector<float>& four = *new std::vector<float>{1, 2, 3, 4};
  return four;
}

const PickleWriter::TensorSpec kTwoRows = {.elements = 4, .shape = {2, 2}, .strides = {2, 1}};

std::string Torch(const PickleWriter& writer) {
  return TorchZip(writer.Done(), {Storage("0", Four())});
}

std::string DiffusersBin(absl::string_view token) {
  return Torch(PickleWriter().Raw("}").Text(token).Tensor(kTwoRows).Raw("s"));
}

// {"string_to_token": …, "string_to_param": {"*": tensor}} and what `more` adds.
std::string A1111(const PickleWriter& more) {
  PickleWriter writer;
  writer.Raw("}(").Text("string_to_token").Raw("}").Text("*").Number(265).Raw("s");
  writer.Text("string_to_param").Raw("}").Text("*").Tensor(kTwoRows).Raw("s");
  return Torch(writer.Raw(more.Done().substr(2, more.Done().size() - 3)).Raw("u"));
}

std::string A1111WithName() {
  return A1111(PickleWriter()
                   .Text("name")
                   .Text("mia-500")
                   .Text("step")
                   .Number(499)
                   .Text("sd_checkpoint")
                   .Text("7460a6fa")
                   .Text("sd_checkpoint_name")
                   .Raw("N"));
}

std::string Safetensors(const std::string& name, TensorMetadata metadata = {}) {
  return SerializeSafetensors({{name, {DType::kF32, {2, 2}, std::as_bytes(std::span(Four()))}}},
                              metadata);
}

std::string TokenOf(const std::string& file, const EmbeddingFileOptions& options = {}) {
  const auto embedding = ParseEmbeddingFile(file, "upload", options);
  return embedding.ok() ? embedding->token : std::string(embedding.status().message());
}

TEST(EmbeddingFile, EveryLayoutGivesItsVectors) {
  for (const std::string& file : {Safetensors("<mia>"), Safetensors("emb_params"),
                                  Safetensors("emp_params"), DiffusersBin("<mia>"), A1111WithName(),
                                  A1111(PickleWriter()), Torch(PickleWriter().Tensor(kTwoRows))}) {
    ASSERT_OK_AND_ASSIGN(const LearnedEmbedding embedding,
                         ParseEmbeddingFile(file, "upload", {.name = "mia.pt"}));
    EXPECT_EQ(embedding.vectors, 2);
    EXPECT_EQ(embedding.width, 2);
    EXPECT_THAT(embedding.values, ElementsAre(1, 2, 3, 4));
  }
}

TEST(EmbeddingFile, OfOneTrainersTwoTensorsTheInputsAreTaken) {
  const std::vector<float> output = {5, 6, 7, 8};
  const std::string file = SerializeSafetensors(
      {{"emp_params", {DType::kF32, {2, 2}, std::as_bytes(std::span(Four()))}},
       {"emp_params_out", {DType::kF32, {2, 2}, std::as_bytes(std::span(output))}}},
      {});
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding embedding,
                       ParseEmbeddingFile(file, "upload", {.name = "mia.safetensors"}));
  EXPECT_EQ(embedding.token, "mia");
  EXPECT_THAT(embedding.values, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(embedding.remarks, ElementsAre(::testing::HasSubstr("emp_params_out is left out")));
  EXPECT_EQ(TokenOf(file, {.token = "<mia>", .name = "x.safetensors"}), "<mia>");
}

TEST(EmbeddingFile, OursKeepsItsWordInOtherToolsLayoutsWhileItsNameAgrees) {
  const std::string file =
      SerializeLearnedEmbedding({"<rex>", 2, 2, Four()}, EmbeddingLayout::kInvokeAi);
  EXPECT_EQ(TokenOf(file, {.name = "rex.safetensors"}), "<rex>");
  EXPECT_EQ(TokenOf(file), "<rex>");
  EXPECT_EQ(TokenOf(file, {.name = "king.safetensors"}), "king");
  EXPECT_EQ(TokenOf(file, {.token = "<max>", .name = "rex.safetensors"}), "<max>");
  EXPECT_EQ(TokenOf(SerializeLearnedEmbedding({"<Rex>", 2, 2, Four()})), "<Rex>");
  const std::string capital =
      SerializeLearnedEmbedding({"<Rex>", 2, 2, Four()}, EmbeddingLayout::kKohya);
  for (const char* name : {"rex.safetensors", "Rex.safetensors"}) {
    EXPECT_EQ(TokenOf(capital, {.name = name}), "<Rex>") << name;
  }
}

// The embedding of ParseWebUiJson's test, in the texts of a picture that nobody draws.
std::string WebUiPng() {
  const std::string json =
      R"({"string_to_param": {"*": {"TORCHTENSOR": [[1, 2], [3, 4]]}}, "name": "turner"})";
  const std::string text = "sd-ti-embedding" + std::string(1, '\0') + absl::Base64Escape(json);
  return std::string("\x89PNG\r\n\x1a\n\0\0\0", 11) + static_cast<char>(text.size()) + "tEXt" +
         text + "crc?";
}

TEST(EmbeddingFile, PicturesOfTheWebUiAreRead) {
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding embedding,
                       ParseEmbeddingFile(WebUiPng(), "upload", {.name = "other.png"}));
  EXPECT_EQ(embedding.token, "turner") << "as in the web UI, its name counts more than the file's";
  EXPECT_THAT(embedding.values, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(TokenOf(WebUiPng(), {.token = "<t>"}), "<t>");
}

TEST(EmbeddingFile, PixelsAreLookedAtWhereSomebodyDecodesThem) {
  bool asked = false;
  const auto blank = [&](std::span<const std::byte>) -> absl::StatusOr<RgbImage> {
    asked = true;
    return RgbImage::Blank(8, 8, 200);
  };
  EXPECT_THAT(ParseEmbeddingFile("RIFF....WEBP", "x.webp", {.decode_picture = blank}),
              RefusesNaming(Parts{"x.webp", "in its texts or its pixels"}));
  EXPECT_TRUE(asked);
}

TEST(EmbeddingFile, DiffusersFilesHoldTheirWord) {
  EXPECT_EQ(TokenOf(Safetensors("<mia>"), {.name = "learned_embeds.safetensors"}), "<mia>");
  EXPECT_EQ(TokenOf(DiffusersBin("<mia>"), {.name = "learned_embeds.bin"}), "<mia>");
}

TEST(EmbeddingFile, OtherToolsGoByTheFilesName) {
  for (const std::string& file : {Safetensors("emb_params"), Safetensors("emp_params"),
                                  A1111WithName(), A1111(PickleWriter()), DiffusersBin("*")}) {
    EXPECT_EQ(TokenOf(file, {.name = "mia.v2.pt"}), "mia.v2");
  }
  EXPECT_EQ(TokenOf(A1111WithName()), "mia-500");
  for (const std::string& file :
       {Safetensors("emb_params"), A1111(PickleWriter()), Torch(PickleWriter().Tensor(kTwoRows))}) {
    EXPECT_EQ(TokenOf(file),
              "upload: token: got none, as this tool's files hold no word; expected a word, or the "
              "file's name");
  }
}

TEST(EmbeddingFile, TheCallersWordIsTaken) {
  for (const std::string& file :
       {Safetensors("<mia>"), Safetensors("emb_params"), DiffusersBin("<mia>"), A1111WithName()}) {
    EXPECT_EQ(TokenOf(file, {.token = "<rex>", .name = "mia.pt"}), "<rex>");
  }
}

TEST(EmbeddingFile, WhatIsKnownOfItsMakingIsKept) {
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding webui, ParseEmbeddingFile(A1111WithName(), "upload"));
  EXPECT_THAT(webui.provenance,
              UnorderedElementsAre(Pair("a1111.name", "mia-500"), Pair("a1111.step", "499"),
                                   Pair("a1111.sd_checkpoint", "7460a6fa")));
  ASSERT_OK_AND_ASSIGN(
      const LearnedEmbedding kohya,
      ParseEmbeddingFile(Safetensors("emb_params", {{"format", "pt"}, {"ss_steps", "9"}}), "upload",
                         {.name = "mia.safetensors"}));
  EXPECT_THAT(kohya.provenance, UnorderedElementsAre(Pair("ss_steps", "9")));
}

TEST(EmbeddingFile, OfSeveralTheTokenChooses) {
  const std::string two =
      Torch(PickleWriter()
                .Raw("}(")
                .Text("<a>")
                .Tensor(kTwoRows)
                .Text("<b>")
                .Tensor({.elements = 4, .offset = 2, .shape = {2}, .strides = {1}})
                .Raw("u"));
  EXPECT_THAT(ParseEmbeddingFile(two, "two.bin"),
              RefusesNaming(Parts{"two.bin: tensors: got \"<a>\", \"<b>\"", "as the token"}));
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding b,
                       ParseEmbeddingFile(two, "two.bin", {.token = "<b>"}));
  EXPECT_EQ(b.token, "<b>");
  EXPECT_THAT(b.values, ElementsAre(3, 4));
}

TEST(EmbeddingFile, OldContainersAreReadToo) {
  const std::string file =
      LegacyTorch(PickleWriter().Raw("}").Text("<mia>").Tensor(kTwoRows).Raw("s").Done(),
                  {Storage("0", Four())});
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding embedding, ParseEmbeddingFile(file, "upload"));
  EXPECT_THAT(embedding.values, ElementsAre(1, 2, 3, 4));
}

TEST(EmbeddingFile, ASafetensorsHeaderMayLookLikeAPickle) {
  // Its length is the file's first number: 0x0280 bytes begin as a pickle of protocol 2 does.
  for (int padding = 0; padding < 1000; ++padding) {
    const std::string file = Safetensors("<mia>", {{"note", std::string(padding, 'x')}});
    if (file[0] != '\x80' || file[1] != '\x02') continue;
    EXPECT_EQ(TokenOf(file), "<mia>");
    return;
  }
  FAIL() << "no header of 640 bytes";
}

TEST(EmbeddingFile, AttacksAreRefusedByName) {
  const std::string attack = Torch(
      PickleWriter().Raw("}").Text("<mia>").Global("os", "system").Text("rm -rf /").Raw("\x85Rs"));
  EXPECT_THAT(ParseEmbeddingFile(attack, "mia.pt"),
              RefusesNaming(Parts{"mia.pt: byte 13 of its pickle", "global: got \"os.system\"",
                                  "nothing in the file was executed"}));
}

TEST(EmbeddingFile, WhatIsNoEmbeddingIsSaidSo) {
  for (const auto& [content, parts] : std::vector<std::pair<std::string, Parts>>{
           {"", {"0 bytes"}},
           {"version https://git-lfs.github.com/spec/v1", {"a Git LFS pointer"}},
           {"<!DOCTYPE html><html>", {"a web page"}},
           {"\x89PNG\r\n\x1a\n", {"a picture without AUTOMATIC1111's text", ".pt"}},
           {"\xff\xd8\xff\xe0 a JPEG", {"a picture", "JPEG has lost it"}},
           {std::string("\0\0\0\x18"
                        "ftypavif....",
                        16),
            {"a picture"}},
           {"7z\xBC\xAF\x27\x1C....", {"a packed file", "unpack it"}},
           {"\x1F\x8B....", {"a packed file"}},
           {Safetensors("emp_params_out"), {"OneTrainer's output vectors alone"}},
           {"some text that is long enough", {"header length"}},
           {Safetensors("clip_g"), {"an SDXL embedding"}},
           {Safetensors("lora_unet_x.lora_up.weight"), {"a LoRA"}},
           {DiffusersBin("clip_l"), {"an SDXL embedding"}},
           {Torch(PickleWriter().Raw("}").Number(320).Raw("]s")), {"a hypernetwork"}},
           {Torch(PickleWriter().Raw("]")), {"got a list of 0", "a tensor, or a dict"}},
           {Torch(PickleWriter().Raw("}").Text("a").Number(1).Raw("s")), {"tensors: got none"}},
           {Torch(PickleWriter().Raw("}").Text("string_to_param").Number(1).Raw("s")),
            {"string_to_param: got the number 1", "a dict of tensors"}},
           {Torch(PickleWriter()
                      .Raw("}")
                      .Text("<a>")
                      .Tensor({.elements = 4, .shape = {1, 2, 2}, .strides = {4, 2, 1}})
                      .Raw("s")),
            {"\"<a>\": shape: got F32 [1, 2, 2]", "1 to 75"}},
           {Torch(
                PickleWriter()
                    .Raw("}")
                    .Text("<a>")
                    .Tensor({.storage = "IntStorage", .elements = 4, .shape = {4}, .strides = {1}})
                    .Raw("s")),
            {"\"<a>\": dtype: got I32"}},
           {Torch(PickleWriter()
                      .Raw("}")
                      .Text("<a>")
                      .Tensor({.elements = 4, .shape = {INT64_MAX, 2}, .strides = {0, 1}})
                      .Raw("s")),
            {"\"<a>\": shape"}}}) {
    EXPECT_THAT(ParseEmbeddingFile(content, "x.pt", {.name = "x.pt"}),
                RefusesNaming([&, parts = parts] {
                  Parts all = parts;
                  all.push_back("x.pt: ");
                  all.push_back("expected");
                  return all;
                }()));
  }
}

TEST(EmbeddingFile, AFileNamesItsWordByItself) {
  const ScratchFolder folder;
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding embedding,
                       ReadEmbeddingFile(folder.Write("mia.pt", A1111WithName())));
  EXPECT_EQ(embedding.token, "mia");
  EXPECT_THAT(ReadEmbeddingFile("/no/such.pt"),
              Fails(absl::StatusCode::kNotFound, ::testing::HasSubstr("/no/such.pt")));
}

TEST(EmbeddingFile, WhateverCameInGoesOutInOurLayout) {
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding embedding,
                       ParseEmbeddingFile(A1111WithName(), "upload", {.token = "<mia>"}));
  ASSERT_OK_AND_ASSIGN(const LearnedEmbedding again,
                       ParseLearnedEmbedding(SerializeLearnedEmbedding(embedding), "export"));
  EXPECT_EQ(again.token, "<mia>");
  EXPECT_EQ(again.values, embedding.values);
  EXPECT_EQ(again.provenance.at("a1111.step"), "499");
}

}  // namespace
}  // namespace imprint
