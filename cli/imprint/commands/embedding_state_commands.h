// The commands imprint embeddings block, unblock, delete.
#pragma once

#include <vector>

#include "cli/imprint/commands/command.h"
#include <CLI/CLI.hpp>

namespace imprint::cli {

// Adds the commands below `embeddings`.
std::vector<Command> MakeEmbeddingStateCommands(CLI::App& embeddings);

}  // namespace imprint::cli
