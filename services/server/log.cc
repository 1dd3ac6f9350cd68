#include "services/server/log.h"

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/field_error.h"

namespace imprint {
namespace {

struct LogStyle {
  std::string service;
  bool json = false;
  std::atomic<LogLevel> level = LogLevel::kWarning;
};

// The process has one log, as it has one standard error.
LogStyle& Style() {
  static LogStyle style;
  return style;
}

spdlog::logger& Sink() {
  static const auto sink = [] {
    auto logger = spdlog::stderr_logger_mt("imprint");
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
    return logger;
  }();
  return *sink;
}

constexpr const char* kNames[] = {"debug", "info", "warning", "error"};

std::string Now() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
}

std::string AsJson(LogLevel level, absl::string_view message,
                   std::initializer_list<LogField> fields) {
  nlohmann::ordered_json line;
  line["time"] = Now();
  line["level"] = kNames[static_cast<int>(level)];
  line["service"] = Style().service;
  line["message"] = std::string(message);
  for (const LogField& field : fields) {
    // Numbers are written as they are, except those that JSON does not have, such as inf, which
    // become text.
    nlohmann::json value =
        field.is_text ? nlohmann::json(nlohmann::json::value_t::discarded)
                      : nlohmann::json::parse(field.value, nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded()) value = field.value;
    line[std::string(field.key)] = value;
  }
  // Field values may hold what callers sent; invalid UTF-8 must not throw.
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string AsText(LogLevel level, absl::string_view message,
                   std::initializer_list<LogField> fields) {
  std::string line = absl::StrCat(Now(), " ", kNames[static_cast<int>(level)], " ", Style().service,
                                  ": ", message);
  for (const LogField& field : fields) {
    const bool plain = field.value.find_first_of(" \"\n\r\t") == std::string::npos;
    absl::StrAppend(&line, " ", field.key, "=", plain ? field.value : Quoted(field.value));
  }
  return line;
}

}  // namespace

absl::Status StartLog(absl::string_view service, absl::string_view format,
                      absl::string_view level) {
  if (format != "text" && format != "json") {
    return FieldError("log-format", Quoted(format), "\"text\" or \"json\"");
  }
  for (int i = 0; i < 4; ++i) {
    if (level != kNames[i]) continue;
    Style().service = std::string(service);
    Style().json = format == "json";
    Style().level = static_cast<LogLevel>(i);
    return absl::OkStatus();
  }
  return FieldError("log-level", Quoted(level), "\"debug\", \"info\", \"warning\" or \"error\"");
}

void Log(LogLevel level, absl::string_view message, std::initializer_list<LogField> fields) {
  if (level < Style().level.load(std::memory_order_relaxed)) return;
  Sink().info(Style().json ? AsJson(level, message, fields) : AsText(level, message, fields));
}

}  // namespace imprint
