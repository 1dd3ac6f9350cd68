#include "formats/embedding_files/embedding_choice.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint {
namespace {

constexpr absl::string_view kExpected = "one embedding of Stable Diffusion 1.x or 2.x";

// Other files that people take for embeddings, told by what their tensors are called.
struct ForeignFile {
  absl::string_view what;
  bool (*has)(absl::string_view name);
};

constexpr std::array kForeignFiles = {
    ForeignFile{"an SDXL embedding",
                [](absl::string_view name) { return name == "clip_l" || name == "clip_g"; }},
    ForeignFile{"an embedding of a model with T5",
                [](absl::string_view name) { return name == "t5" || name == "t5_out"; }},
    ForeignFile{"a LoRA",
                [](absl::string_view name) {
                  return absl::StartsWith(name, "lora_") || absl::StrContains(name, ".lora_") ||
                         absl::StrContains(name, ".lora.") || absl::StrContains(name, "_lora.");
                }},
    ForeignFile{"AUTOMATIC1111's optimizer state",
                [](absl::string_view name) { return name == "optimizer_state_dict"; }},
    ForeignFile{"a whole model",
                [](absl::string_view name) {
                  return name == "state_dict" || absl::StartsWith(name, "model.diffusion_model.") ||
                         absl::StartsWith(name, "text_model.") ||
                         absl::StartsWith(name, "cond_stage_model.");
                }},
    // AUTOMATIC1111 names a hypernetwork's layers by the widths that they are for.
    ForeignFile{"a hypernetwork",
                [](absl::string_view name) { return name == "320" || name == "1280"; }},
};

std::string List(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", Quoted(name));
    if (list.size() > 200) return list + ", …";
  }
  return list;
}

}  // namespace

absl::Status RefuseForeignFile(const std::vector<std::string>& names) {
  for (const ForeignFile& file : kForeignFiles) {
    const auto sign = std::find_if(names.begin(), names.end(), file.has);
    if (sign == names.end()) continue;
    return FieldError("file", absl::StrCat(file.what, " (it has ", Quoted(*sign), ")"), kExpected);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ChooseEmbedding(const std::vector<std::string>& names,
                                            absl::string_view token) {
  if (names.empty()) return FieldError("tensors", "none", kExpected);
  if (names.size() == 1) return names[0];
  // A dict of a pickle may have a name twice; which one would be meant is not guessed.
  if (std::count(names.begin(), names.end(), token) == 1) return std::string(token);
  return FieldError("tensors", List(names),
                    absl::StrCat(kExpected, "; to choose one, give its name as the token"));
}

absl::Status SetOutputVectorsAside(std::vector<std::string>& names,
                                   std::vector<std::string>& remarks) {
  constexpr absl::string_view kOutput = "emp_params_out";
  if (std::erase(names, kOutput) == 0) return absl::OkStatus();
  if (names.empty()) {
    return FieldError("file",
                      absl::StrCat("OneTrainer's output vectors alone (", Quoted(kOutput), ")"),
                      absl::StrCat(kExpected, ", which stands at a text encoder's input"));
  }
  remarks.push_back(absl::StrCat(
      kOutput,
      " is left out: OneTrainer puts these vectors behind the text encoder, and they mean "
      "nothing in a prompt. The picture may be less like what it showed"));
  return absl::OkStatus();
}

bool IsLayoutName(absl::string_view name) {
  return name == "emb_params" || name == "emp_params" /* sic: OneTrainer */ || name == "*";
}

}  // namespace imprint
