// Asks the person at the terminal.
#pragma once

#include <stop_token>

#include "cli/imprint/commands/rights.h"

namespace imprint::cli {

// Returns a function that writes the question to standard error and reads a line of standard input;
// it asks again after an empty line. It returns CANCELLED once a stop is requested or the input
// ends.
Ask AskAtTerminal(const std::stop_token& stop);

// Does the same with any two file descriptors.
Ask AskThrough(int input, int output, const std::stop_token& stop);

}  // namespace imprint::cli
