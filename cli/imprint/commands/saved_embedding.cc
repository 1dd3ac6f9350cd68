#include "cli/imprint/commands/saved_embedding.h"

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "formats/learned_embedding.h"

namespace imprint::cli {

void AddLayoutOption(CLI::App& command, std::string& layout) {
  command
      .add_option("--layout", layout,
                  "diffusers, whose tensor is named by the word (for AUTOMATIC1111 and ComfyUI, "
                  "too), or kohya or invokeai, whose word is the file's name")
      ->type_name("LAYOUT")
      ->capture_default_str()
      ->check(CLI::IsMember(EmbeddingLayoutNames()));
}

absl::StatusOr<std::filesystem::path> EmbeddingFile(const std::filesystem::path& out,
                                                    EmbeddingLayout layout,
                                                    absl::string_view token) {
  if (out.extension() == ".safetensors") {
    RETURN_IF_ERROR(CheckEmbeddingFileStem(layout, "out", out.stem().string()));
    return out;
  }
  ASSIGN_OR_RETURN(const std::string name, EmbeddingFileName(layout, token));
  return out / name;
}

absl::StatusOr<std::string> InLayout(absl::string_view content, const std::string& name,
                                     EmbeddingLayout layout) {
  ASSIGN_OR_RETURN(const LearnedEmbedding embedding, ParseLearnedEmbedding(content, name));
  return SerializeLearnedEmbedding(embedding, layout);
}

void TellWord(const std::filesystem::path& file, EmbeddingLayout layout, Console& console) {
  const std::string stem = file.stem().string();
  if (layout == EmbeddingLayout::kKohya) {
    console.Line("word", absl::StrCat(stem, ", as the file is named"));
  } else if (layout == EmbeddingLayout::kInvokeAi) {
    console.Line("word", absl::StrCat("<", stem, "> in InvokeAI, as the file is named"));
  }
}

}  // namespace imprint::cli
