// Reads numbers on command lines as people mean them.
#pragma once

#include <CLI/CLI.hpp>

namespace imprint {

// CLI11 2.1 reads -1 for an unsigned number as 2^64 - 1, cuts what is larger than 64 bits, and
// takes 010 for 8 and 0x10 for 16. Makes every option for whole numbers, of `app` and of its
// subcommands, accept decimal numbers only, wherever they were written (also in the environment and
// in a configuration file); leading zeros are ignored. Call it once all options have been added.
void TakeDecimalNumbers(CLI::App& app);

}  // namespace imprint
