// A structured log on standard error: one line per event, as text for people or JSON for programs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace imprint {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// A named value of a log line: {"job", name}, {"step", 12}.
struct LogField {
  template <typename Number>
  requires std::is_arithmetic_v<Number> LogField(absl::string_view key, Number number)
      : key(key), value(std::to_string(number)), is_text(false) {}
  LogField(absl::string_view key, absl::string_view text) : key(key), value(text) {}
  LogField(absl::string_view key, const char* text) : key(key), value(text) {}
  LogField(absl::string_view key, const std::string& text) : key(key), value(text) {}

  absl::string_view key;
  std::string value;
  bool is_text = true;
};

// Configures the log; call it once in main. Returns INVALID_ARGUMENT naming log-format ("text",
// "json") or log-level ("debug", "info", "warning", "error"). Every line carries `service`.
absl::Status StartLog(absl::string_view service, absl::string_view format, absl::string_view level);

// Writes one line. Thread-safe. Before StartLog, and in tests, only warnings and errors are
// written.
void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields = {});

inline void LogInfo(absl::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kInfo, message, fields);
}
inline void LogWarning(absl::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kWarning, message, fields);
}
inline void LogError(absl::string_view message, std::initializer_list<LogField> fields = {}) {
  Log(LogLevel::kError, message, fields);
}

}  // namespace imprint
