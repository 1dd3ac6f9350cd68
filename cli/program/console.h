// What a command says, to people or (with --json) to programs.
#pragma once

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <nlohmann/json.hpp>

namespace imprint::cli {

// People read aligned "label  text" lines; programs read one JSON object a line, each with "event".
// Both go to standard output; warnings and errors for people to standard error. Not thread-safe.
class Console {
 public:
  Console(bool json, std::ostream& out, std::ostream& err) : json_(json), out_(out), err_(err) {}

  bool json() const { return json_; }

  // For people alone.
  void Line(absl::string_view label, absl::string_view text);
  // Text as it is, for people alone.
  void Text(absl::string_view text);
  // For both: people see "warning: text".
  void Warn(absl::string_view text);
  // For programs alone.
  void Event(absl::string_view event, nlohmann::json fields);
  // For both. Gives the exit code that belongs to the status.
  int Fail(const absl::Status& status);

  std::ostream& err() { return err_; }

 private:
  bool json_;
  std::ostream& out_;
  std::ostream& err_;
};

// 0 done, 2 bad input, 130 stopped by a signal, 1 anything else.
int ExitCode(const absl::Status& status);

}  // namespace imprint::cli
