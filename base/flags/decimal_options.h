// Numbers on command lines as people mean them.
#pragma once

#include <CLI/CLI.hpp>

namespace imprint {

// CLI11 2.1 reads -1 for an unsigned number as 2^64 - 1, cuts what is larger than 64 bits, and
// takes 010 for 8 and 0x10 for 16. Makes every option for whole numbers, of `app` and of its
// subcommands, refuse them, wherever they were written (also in the environment and in a
// configuration file); leading zeros count for nothing. Call it once all options are there.
void TakeDecimalNumbers(CLI::App& app);

}  // namespace imprint
