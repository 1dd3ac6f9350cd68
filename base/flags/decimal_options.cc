#include "base/flags/decimal_options.h"

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint {

void TakeDecimalNumbers(CLI::App& app) {
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
