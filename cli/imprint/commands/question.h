// Asking the person at the terminal.
#pragma once

#include <stop_token>

#include "cli/imprint/commands/rights.h"

namespace imprint::cli {

// Writes the question to standard error and reads a line of standard input; asks again for an empty
// one. CANCELLED once a stop is requested or the input ends.
Ask AskAtTerminal(const std::stop_token& stop);

// The same, for any two descriptors.
Ask AskThrough(int input, int output, const std::stop_token& stop);

}  // namespace imprint::cli
