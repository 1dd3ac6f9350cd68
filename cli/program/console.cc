#include "cli/program/console.h"

#include <ostream>

#include "absl/strings/str_format.h"

namespace imprint::cli {
namespace {

// Names and messages may hold bytes that are no UTF-8; JSON must not.
std::string Dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Names of files and metadata of other people's may hold anything, such as the bytes that colour a
// terminal or begin a line of their own: control characters are shown as \x1B.
std::string Printable(absl::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      shown.push_back(c);
    } else {
      absl::StrAppendFormat(&shown, "\\x%02X", byte);
    }
  }
  return shown;
}

}  // namespace

void Console::Line(absl::string_view label, absl::string_view text) {
  if (!json_) out_ << absl::StreamFormat("%-12s", label) << Printable(text) << "\n" << std::flush;
}

void Console::Text(absl::string_view text) {
  if (!json_) out_ << text << std::flush;
}

void Console::Warn(absl::string_view text) {
  if (json_) {
    Event("warning", {{"message", text}});
  } else {
    err_ << "warning: " << Printable(text) << "\n";
  }
}

void Console::Event(absl::string_view event, nlohmann::json fields) {
  if (!json_) return;
  fields["event"] = event;
  out_ << Dump(fields) << "\n" << std::flush;
}

int Console::Fail(const absl::Status& status) {
  const std::string code = absl::StatusCodeToString(status.code());
  if (json_) {
    Event("error", {{"code", code}, {"message", status.message()}});
  } else if (absl::IsInternal(status) || absl::IsUnknown(status)) {
    err_ << "error: " << status.message() << " (" << code << ", a defect: please report it)\n";
  } else {
    err_ << "error: " << status.message() << "\n";
  }
  return ExitCode(status);
}

int ExitCode(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
      return 2;
    case absl::StatusCode::kCancelled:
      return 130;
    default:
      return 1;
  }
}

}  // namespace imprint::cli
