#include "base/flags/command_line_error.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace imprint {

absl::Status CommandLineError(const CLI::App& app, const CLI::ParseError& error) {
  std::string what = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = app.remaining(/*recurse=*/true);
    what = absl::StrCat("not expected: ", absl::StrJoin(extras, " "));
  }
  return absl::InvalidArgumentError(absl::StrCat(what, "; --help says what can be given"));
}

}  // namespace imprint
