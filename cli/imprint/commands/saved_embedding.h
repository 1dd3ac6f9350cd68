// Embeddings from the registry as files for other tools.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/program/console.h"
#include <CLI/CLI.hpp>

#include "formats/embedding_layout.h"

namespace imprint::cli {

// --layout, into `layout`.
void AddLayoutOption(CLI::App& command, std::string& layout);

// Where --out puts an embedding: itself if it ends in .safetensors, else a file in that folder that
// is called as the layout has it. INVALID_ARGUMENT if the layout's tools could not know the word by
// that name.
absl::StatusOr<std::filesystem::path> EmbeddingFile(const std::filesystem::path& out,
                                                    EmbeddingLayout layout,
                                                    absl::string_view token);

// What the registry keeps, `content` of `name`, in that layout.
absl::StatusOr<std::string> InLayout(absl::string_view content, const std::string& name,
                                     EmbeddingLayout layout);

// Says which word the file's name makes it, if the layout leaves that to the name.
void TellWord(const std::filesystem::path& file, EmbeddingLayout layout, Console& console);

}  // namespace imprint::cli
