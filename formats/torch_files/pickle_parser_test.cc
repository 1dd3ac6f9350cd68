#include "formats/torch_files/pickle_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "formats/torch_files/pickle_limits.h"
#include "formats/torch_files/torch_writer.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

std::string Described(const std::string& bytes) {
  const auto pickle = ParsePickle(bytes);
  return pickle.ok() ? Describe(*pickle->root) : std::string(pickle.status().message());
}

TEST(PickleParser, ReadsEveryKindOfValue) {
  EXPECT_EQ(Described(PickleWriter().Raw("N").Done()), "None");
  EXPECT_EQ(Described(PickleWriter().Raw("\x88").Done()), "True");
  EXPECT_EQ(Described(PickleWriter().Raw("\x89").Done()), "False");
  EXPECT_EQ(Described(PickleWriter().Number(-70'000).Done()), "the number -70000");
  EXPECT_EQ(Described(PickleWriter().Raw("K\xff").Done()), "the number 255");
  EXPECT_EQ(Described(PickleWriter().Raw("M\xff\xff").Done()), "the number 65535");
}

TEST(PickleParser, NumbersAreTwosComplementOfAsManyBytesAsNeeded) {
  EXPECT_EQ(Described(PickleWriter().Raw(absl::string_view("\x8a\x00", 2)).Done()), "the number 0");
  EXPECT_EQ(Described(PickleWriter().Raw(absl::string_view("\x8a\x01\xff", 3)).Done()),
            "the number -1");
  EXPECT_EQ(Described(PickleWriter().Raw(absl::string_view("\x8a\x02\xff\x00", 4)).Done()),
            "the number 255");
  EXPECT_EQ(Described(PickleWriter().Long(INT64_MIN).Done()), "the number -9223372036854775808");
  EXPECT_EQ(Described(PickleWriter().Raw("\x8a\x09").Raw(std::string(9, '\x01')).Done()),
            "9 bytes");
  EXPECT_EQ(
      Described(
          PickleWriter().Raw(absl::string_view("G\x3f\xf8\x00\x00\x00\x00\x00\x00", 9)).Done()),
      "the number 1.5");
}

TEST(PickleParser, ContainersHoldWhatIsPutInAndKnowOneAnother) {
  // d = {"a": [1, 2], "b": d["a"]}
  ASSERT_OK_AND_ASSIGN(const Pickle pickle, ParsePickle(PickleWriter()
                                                            .Raw("}(")
                                                            .Text("a")
                                                            .Raw("]q\x05(K\x01K\x02"
                                                                 "e")
                                                            .Text("b")
                                                            .Raw("h\x05u")
                                                            .Done()));
  const PickleDict* dict = AsDict(*pickle.root);
  ASSERT_NE(dict, nullptr);
  EXPECT_EQ(Describe(*Find(*dict, "a")), "a list of 2");
  EXPECT_EQ(Find(*dict, "a"), Find(*dict, "b"));
  EXPECT_EQ(Find(*dict, "c"), nullptr);
}

TEST(PickleParser, AListMayHoldItself) {
  EXPECT_EQ(Described(PickleWriter().Raw(absl::string_view("]q\0h\0a", 6)).Done()), "a list of 1");
}

TEST(PickleParser, TheLastOfEqualKeysCounts) {
  ASSERT_OK_AND_ASSIGN(
      const Pickle pickle,
      ParsePickle(
          PickleWriter().Raw("}(").Text("a").Number(1).Text("a").Number(2).Raw("u").Done()));
  EXPECT_EQ(Describe(*Find(*AsDict(*pickle.root), "a")), "the number 2");
}

TEST(PickleParser, ProtocolFourNamesGlobalsOnTheStack) {
  EXPECT_EQ(Described(PickleWriter(4)
                          .Raw(absl::string_view("\x95\x20\0\0\0\0\0\0\0", 9))
                          .Raw("\x8c\x0b"
                               "collections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94")
                          .Done()),
            "a dict of 0");
}

TEST(PickleParser, CodeIsNeverRun) {
  // What the famous malicious pickles do, in their several spellings.
  for (const auto& [module, name] : std::vector<std::pair<std::string, std::string>>{
           {"os", "system"},
           {"posix", "system"},
           {"builtins", "eval"},
           {"builtins", "getattr"},
           {"__builtin__", "exec"},
           {"torch", "load"},
           {"torch._utils", "_rebuild_tensor_v2.__globals__"},
           {"torch.FloatStorage", "__class__"},
           {"collections", "OrderedDict.__init__"},
           {"", ""}}) {
    const std::string bytes =
        PickleWriter().Global(module, name).Text("touch x").Raw("\x85R").Done();
    EXPECT_THAT(ParsePickle(bytes), RefusesNaming(Parts{"byte 2 of its pickle", "global",
                                                        "\"" + module + "." + name + "\"",
                                                        "nothing in the file was executed"}));
  }
  EXPECT_THAT(ParsePickle(PickleWriter(4).Text("os").Text("system").Raw("\x93").Done()),
              RefusesNaming(Parts{"byte 20", "\"os.system\""}));
}

TEST(PickleParser, OpcodesThatWeDoNotKnowAreRefused) {
  // INST, OBJ, PERSID, EXT1, NEWOBJ_EX, INT of protocol 0, DUP, POP, NEXT_BUFFER
  for (const char opcode : absl::string_view("ioP\x82\x92I20\x97\xff\x01")) {
    EXPECT_THAT(ParsePickle(PickleWriter().Raw(absl::string_view(&opcode, 1)).Done()),
                RefusesNaming(Parts{"byte 2", "opcode: got 0x", "torch.save"}))
        << opcode;
  }
  EXPECT_THAT(ParsePickle(PickleWriter(6).Raw("N").Done()),
              RefusesNaming(Parts{"pickle protocol: got 6", "2 to 5"}));
  EXPECT_THAT(ParsePickle(PickleWriter(1).Raw("N").Done()), RefusesNaming(Parts{"got 1"}));
}

TEST(PickleParser, APickleCutAtAnyByteIsRefused) {
  const std::string whole = PickleWriter()
                                .Raw("}")
                                .Text("<a>")
                                .Tensor({.elements = 2, .shape = {2}, .strides = {1}})
                                .Raw("s")
                                .Done();
  ASSERT_THAT(ParsePickle(whole), Succeeds());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(ParsePickle(whole.substr(0, size)), RefusesNaming(Parts{"byte", "of its pickle"}))
        << size;
  }
}

TEST(PickleParser, LengthsAreHeldAgainstWhatIsLeft) {
  EXPECT_THAT(ParsePickle(PickleWriter().Raw("X\xff\xff\xff\xff").Done()),
              RefusesNaming(Parts{"length: got 4294967295", "at most 1"}));
  EXPECT_THAT(ParsePickle(PickleWriter(4).Raw("\x8d").Raw(std::string(8, '\xff')).Done()),
              RefusesNaming(Parts{"length: got 18446744073709551615"}));
  EXPECT_THAT(ParsePickle(PickleWriter(4).Raw("B\xff\xff\xff\x7f").Done()),
              RefusesNaming(Parts{"length: got 2147483647"}));
}

TEST(PickleParser, TextsAreUtf8) {
  EXPECT_EQ(Described(PickleWriter().Text("<größe>").Done()), "the text \"<größe>\"");
  EXPECT_THAT(ParsePickle(PickleWriter()
                              .Text("<gr\xf6\xdf"
                                    "e>")
                              .Done()),
              RefusesNaming(Parts{"text", "no UTF-8"}));
  EXPECT_THAT(ParsePickle(PickleWriter().Global("os\xff", "system").Done()),
              RefusesNaming(Parts{"text", "no UTF-8"}));
}

TEST(PickleParser, NestingIsNoDanger) {
  std::string open(50'000, ']');
  EXPECT_EQ(Described(PickleWriter().Raw(open).Raw(std::string(49'999, 'a')).Done()),
            "a list of 1");
  EXPECT_THAT(ParsePickle(PickleWriter().Raw(std::string(kMaxPickleValues + 1, ']')).Done()),
              RefusesNaming(Parts{"values: got more than"}));
  EXPECT_THAT(ParsePickle(PickleWriter().Raw(std::string(kMaxPickleValues + 1, '(')).Done()),
              RefusesNaming(Parts{"values: got more than"}));
}

TEST(PickleParser, TheMemoHasItsLimits) {
  PickleWriter many;
  many.Raw("N");
  for (uint32_t i = 0; i <= kMaxPickleValues; ++i) many.Raw("r").Little(i * 7);
  EXPECT_THAT(ParsePickle(many.Done()), RefusesNaming(Parts{"values: got more than"}));
  EXPECT_THAT(ParsePickle(PickleWriter().Raw("h\x07").Done()),
              RefusesNaming(Parts{"memo: got entry 7", "put there before"}));
}

TEST(PickleParser, ALongTextIsNotCopiedAsOftenAsItIsNamed) {
  // A storage's key is part of every tensor of it.
  PickleWriter keys;
  keys.Raw("((").Text("storage").Global("torch", "FloatStorage").Text(std::string(100'000, 'k'));
  EXPECT_THAT(ParsePickle(keys.Text("cpu").Number(1).Raw("tQ").Done()),
              RefusesNaming(Parts{"storage key: got 100000 bytes", "at most 64"}));
}

TEST(PickleParser, OpcodesNeedTheirValues) {
  for (const std::string ops : {"s",
                                "u",
                                "t",
                                "a",
                                "e",
                                "R",
                                "b",
                                "Q",
                                "\x85",
                                "\x87",
                                "\x93",
                                "q\x01",
                                "\x94",
                                "Nb",
                                "N(s",
                                "N(b",
                                "NNs",
                                "N(NNNu",
                                "](N(ea",
                                "NNR",
                                ".",
                                "}(K\x01u",
                                "(N\x85\x85\x85"}) {
    EXPECT_THAT(ParsePickle(PickleWriter().Raw(ops).Done()),
                RefusesNaming(Parts{"of its pickle", "got", "expected"}))
        << ops;
  }
}

TEST(PickleParser, CallsTakeWhatTorchGivesThem) {
  const auto call = [](absl::string_view module, absl::string_view name,
                       absl::string_view arguments) {
    return ParsePickle(PickleWriter().Global(module, name).Raw(arguments).Raw("R").Done());
  };
  EXPECT_THAT(call("torch._utils", "_rebuild_tensor_v2", ")"),
              RefusesNaming(Parts{"torch._utils._rebuild_tensor_v2", "arguments"}));
  EXPECT_THAT(call("torch._utils", "_rebuild_parameter", "N\x85"),
              RefusesNaming(Parts{"_rebuild_parameter", "None", "a tensor"}));
  EXPECT_THAT(call("torch", "FloatStorage", ")"), RefusesNaming(Parts{"torch.FloatStorage"}));
  EXPECT_THAT(call("collections", "OrderedDict", "N\x85"), RefusesNaming(Parts{"OrderedDict"}));
  EXPECT_THAT(call("torch", "Size", "K\x02\x85\x85"), Succeeds());
  EXPECT_THAT(call("torch", "device", "N\x85"), RefusesNaming(Parts{"torch.device", "None"}));
}

TEST(PickleParser, TensorsAreDescribedNotTrusted) {
  const auto tensor = [](const PickleWriter::TensorSpec& spec) {
    return ParsePickle(PickleWriter().Tensor(spec).Done());
  };
  ASSERT_OK_AND_ASSIGN(const Pickle pickle, tensor({.storage = "BFloat16Storage",
                                                    .key = "7",
                                                    .elements = 10,
                                                    .offset = 2,
                                                    .shape = {2, 3},
                                                    .strides = {1, 2}}));
  EXPECT_EQ(Describe(*pickle.root), "a tensor, BF16 [2, 3]");
  EXPECT_EQ(pickle.storages.at("7").elements, 10);
  EXPECT_THAT(tensor({.storage = "QUInt8Storage"}), RefusesNaming(Parts{"torch.QUInt8Storage"}));
  EXPECT_THAT(tensor({.elements = -1}), RefusesNaming(Parts{"storage size", "-1"}));
  EXPECT_THAT(tensor({.offset = -1}), RefusesNaming(Parts{"storage offset", "-1"}));
  EXPECT_THAT(tensor({.shape = {-1}, .strides = {1}}), RefusesNaming(Parts{"shape", "-1"}));
  EXPECT_THAT(tensor({.shape = {1}, .strides = {-1}}), RefusesNaming(Parts{"strides", "-1"}));
  EXPECT_THAT(tensor({.shape = {1, 2}, .strides = {1}}),
              RefusesNaming(Parts{"strides: got 1", "2"}));
  EXPECT_THAT(tensor({.shape = std::vector<int64_t>(9, 1), .strides = {1}}),
              RefusesNaming(Parts{"shape", "a tuple of 9", "at most 8"}));
}

TEST(PickleParser, OneStorageHasOneSizeAndType) {
  PickleWriter two;
  two.Raw("(").Tensor({.elements = 1}).Tensor({.elements = 2}).Raw("t");
  EXPECT_THAT(ParsePickle(two.Done()), RefusesNaming(Parts{"storage \"0\"", "two sizes or types"}));
}

TEST(PickleParser, AModulesSourceIsNotLookedAt) {
  const auto module = [](absl::string_view in, absl::string_view name) {
    PickleWriter writer;
    writer.Raw("(").Text("module").Global(in, name).Text("container.py").Text("class …").Raw("tQ");
    return ParsePickle(writer.Raw(")\x81").Done());
  };
  EXPECT_THAT(module("torch.nn.modules.container", "ParameterDict"), Succeeds());
  EXPECT_THAT(module("torch.nn.modules.linear", "Linear"), RefusesNaming(Parts{"linear.Linear"}));
}

TEST(PickleParser, AParameterDictIsTheDictOfItsParameters) {
  PickleWriter module;
  module.Global("torch.nn.modules.container", "ParameterDict").Raw(")\x81}(");
  module.Text("training").Raw("\x88").Text("_parameters").Raw("}").Text("*").Number(1).Raw("s");
  module.Text("_buffers").Raw("}").Text("_hooks").Global("__builtin__", "set").Raw("]\x85R");
  ASSERT_OK_AND_ASSIGN(const Pickle pickle, ParsePickle(module.Raw("ub").Done()));
  const PickleDict* parameters = AsDict(*pickle.root);
  ASSERT_NE(parameters, nullptr);
  EXPECT_EQ(Describe(*Find(*parameters, "*")), "the number 1");
  ASSERT_OK_AND_ASSIGN(const Pickle bare,
                       ParsePickle(PickleWriter()
                                       .Global("torch.nn.modules.container", "ParameterDict")
                                       .Raw(")\x81")
                                       .Done()));
  EXPECT_EQ(AsDict(*bare.root), nullptr);
}

}  // namespace
}  // namespace imprint
