#include "cli/program/given_flags.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint::cli {
namespace {

std::string NameOf(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name() : option.get_lnames().front();
}

bool IsFromEnvironment(const CLI::Option& option) {
  if (option.get_envname().empty()) return false;
  const char* value = std::getenv(option.get_envname().c_str());
  return value != nullptr && option.results() == std::vector<std::string>{value};
}

// What the line gives for it: the value, or the flag itself.
std::string Given(const CLI::App& app, const std::string& name) {
  for (const CLI::Option* option : app.get_options({})) {
    if (NameOf(*option) != name) continue;
    const bool is_flag = option->get_expected_max() == 0;
    return is_flag ? absl::StrCat("--", name) : Quoted(option->results().front());
  }
  return "";
}

// The first of `flags` that the line gives; empty if it gives none.
std::string FirstOnLine(const CLI::App& app, const std::vector<std::string>& flags) {
  for (const std::string& given : FlagsOnLine(app)) {
    if (std::find(flags.begin(), flags.end(), given) != flags.end()) return given;
  }
  return "";
}

}  // namespace

std::vector<std::string> FlagsOnLine(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options({})) {
    if (option->count() > 0 && !IsFromEnvironment(*option)) names.push_back(NameOf(*option));
  }
  return names;
}

absl::Status RefuseFlagsBeside(absl::string_view other, const CLI::App& app,
                               const std::vector<std::string>& flags) {
  const std::string flag = FirstOnLine(app, flags);
  if (flag.empty()) return absl::OkStatus();
  return FieldError(flag, Given(app, flag), absl::StrCat("nothing beside ", other));
}

absl::Status RefuseFlagsWithout(absl::string_view other, const CLI::App& app,
                                const std::vector<std::string>& flags) {
  const std::string flag = FirstOnLine(app, flags);
  if (flag.empty()) return absl::OkStatus();
  return FieldError(flag, Given(app, flag), absl::StrCat(other, " beside it"));
}

}  // namespace imprint::cli
