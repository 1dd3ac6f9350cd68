// Saves embeddings from the registry as files for other tools.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/program/console.h"
#include <CLI/CLI.hpp>

#include "formats/embedding_layout.h"

namespace imprint::cli {

// Adds --layout, which is stored in `layout`.
void AddLayoutOption(CLI::App& command, std::string& layout);

// Returns the file that --out stands for: the path itself if it ends in .safetensors, else a file
// in that folder, named as the layout requires. Returns INVALID_ARGUMENT if the layout's tools
// could not recognize the word by that name.
absl::StatusOr<std::filesystem::path> EmbeddingFile(const std::filesystem::path& out,
                                                    EmbeddingLayout layout,
                                                    absl::string_view token);

// Converts the registry's file `content` of the version `name` into that layout.
absl::StatusOr<std::string> InLayout(absl::string_view content, const std::string& name,
                                     EmbeddingLayout layout);

// Says which word the file's name stands for, if the layout leaves that to the name.
void TellWord(const std::filesystem::path& file, EmbeddingLayout layout, Console& console);

}  // namespace imprint::cli
