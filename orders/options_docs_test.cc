// docs/options.md has the tables of orders, row by row.
//
//   IMPRINT_WRITE_DOCS=1 build/release/bin/orders_test --gtest_filter='OptionsDocs.*'
//
// writes it anew.
#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_replace.h"
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "base/text_file.h"
#include "orders/compute_options.h"
#include "orders/picture_request.h"
#include "orders/training_settings.h"

namespace imprint {
namespace {

constexpr const char* kIntroduction = R"(# Options

Every option that has one meaning everywhere: `field` is its name in JSON records, in errors and,
where it travels, in protos; `flag` is its name on command lines. A flag that begins with `no-`
takes no value. A field that is not given has its default. So has a zero of an image set's field
whose range has none; every other zero that is given is a zero.

The tables are the product's own (`orders/`): from them come the checks, the JSON, the protos'
conversion and the flags, and a test holds this page against them.
)";

constexpr const char* kTeachNote = R"(
Captions are `templates`, a list; `--templates` names a file of them. `imprint teach` has `--word`,
too, for `--class`.
)";

constexpr const char* kComputeNote = R"(
Errors name these options by their flags. `imprint-engine` takes `--threads` before the command, and
`--memory-mb` not at all; its `draw` has the device, the precision and graphs. A trainer computes in a job's
precision, and its flags for threads and memory apply to each training: `--rank-threads`,
`--rank-memory-mb`, `--rank-device-memory-mb`. A sampler has the device, the threads and
graphs. Graphs need a GPU and another precision than fp16: a trainer that records them takes no jobs
in fp16, and a sampler draws those without.
)";

// As ToJson writes it.
template <typename Struct>
std::string Default(const Field<Struct>& field) {
  if (field.models_own) return "the model's own";
  const nlohmann::json value =
      ToJson(FieldTable<Struct>(&field, 1), Struct())[std::string(field.name)];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

template <typename Struct>
std::string Section(absl::string_view heading, FieldTable<Struct> table) {
  // Or Markdown takes <rex> for HTML.
  const auto plain = [](absl::string_view cell) {
    return absl::StrReplaceAll(cell, {{"<", "&lt;"}, {">", "&gt;"}});
  };
  std::string text = absl::StrCat(
      "\n## ", heading, "\n\n| field | flag | default | may be | |\n|---|---|---|---|---|\n");
  for (const Field<Struct>& field : table) {
    const std::string flag = field.flag.empty() ? "" : absl::StrCat("`--", field.flag, "`");
    absl::StrAppend(&text, "| `", field.name, "` | ", flag, " | ", Default(field), " | ",
                    plain(Expected(field)), " | ", plain(field.help), " |\n");
  }
  return text;
}

std::string Page() {
  return absl::StrCat(kIntroduction, Section("What is taught (teach)", kTrainingFields), kTeachNote,
                      Section("The recipe of a training (teach)", kRecipeFields),
                      Section("How pictures are drawn (draw)", kPictureFields),
                      Section("What a process computes with", kComputeFields), kComputeNote);
}

TEST(OptionsDocs, HoldEveryRowOfTheTables) {
  const std::string path = IMPRINT_SOURCE_DIR "/docs/options.md";
  if (std::getenv("IMPRINT_WRITE_DOCS") != nullptr) std::ofstream(path) << Page();
  ASSERT_OK_AND_ASSIGN(const std::string page, ReadTextFile(path, 1 << 20));
  EXPECT_EQ(page, Page()) << "write it anew: see the top of this test";
}

}  // namespace
}  // namespace imprint
