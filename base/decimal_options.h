// Numbers on command lines as people mean them. For programs that read theirs with CLI11, which is
// not among what this folder links: whoever includes this does.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include <CLI/CLI.hpp>

#include "base/field_error.h"

namespace imprint {

// CLI11 2.1 reads -1 for an unsigned number as 2^64 - 1, cuts what is larger than 64 bits, and
// takes 010 for 8 and 0x10 for 16. Makes every option for whole numbers, of `app` and of its
// subcommands, refuse them, wherever they were written (also in the environment and in a
// configuration file); leading zeros count for nothing. Call it once all options are there.
inline void TakeDecimalNumbers(CLI::App& app) {
  for (CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    // As CLI11 names the types, and what options of ours are called instead.
    const std::string type = option->get_type_name();
    const bool is_unsigned = type == "UINT";
    if (!is_unsigned && type != "INT" && type != "N" && type != "MIB") continue;
    option->transform(CLI::Validator(
        [is_unsigned](std::string& text) -> std::string {
          int64_t number = 0;
          uint64_t natural = 0;
          const bool read =
              is_unsigned ? absl::SimpleAtoi(text, &natural) : absl::SimpleAtoi(text, &number);
          if (!read) {
            return absl::StrCat("got ", Quoted(text), "; expected ",
                                is_unsigned ? absl::StrCat("a whole number from 0 to ", UINT64_MAX)
                                            : "a whole number");
          }
          text = is_unsigned ? absl::StrCat(natural) : absl::StrCat(number);
          return "";
        },
        ""));
  }
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    TakeDecimalNumbers(*command);
  }
}

}  // namespace imprint
