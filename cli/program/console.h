// The output of a command, to people or (with --json) to programs.
#pragma once

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

namespace imprint::cli {

// People read aligned "label  text" lines; programs read one JSON object per line, each with
// "event". Both go to standard output; warnings and errors for people go to standard error. Not
// thread-safe.
class Console {
 public:
  Console(bool json, std::ostream& out, std::ostream& err) : json_(json), out_(out), err_(err) {}

  bool json() const { return json_; }

  // Prints a line for people only.
  void Line(absl::string_view label, absl::string_view text);
  // Prints text as it is, for people only.
  void Text(absl::string_view text);
  // Prints a warning for both: people see "warning: text".
  void Warn(absl::string_view text);
  // Prints an event for programs only.
  void Event(absl::string_view event, nlohmann::json fields);
  // Prints an error for both. Returns the exit code that belongs to the status.
  int Fail(const absl::Status& status);

  std::ostream& err() { return err_; }

 private:
  bool json_;
  std::ostream& out_;
  std::ostream& err_;
};

// Returns 0 for success, 2 for bad input, 130 when stopped by a signal, and 1 for anything else.
int ExitCode(const absl::Status& status);

}  // namespace imprint::cli
