#include "services/server/server_flags.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/flags/decimal_options.h"
#include "base/status_macros.h"
#include "services/server/yaml_config.h"

namespace imprint {
namespace {

absl::Status CheckAddress(absl::string_view flag, absl::string_view address) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon != absl::string_view::npos && colon > 0 &&
      absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 0 && port <= 65535) {
    return absl::OkStatus();
  }
  return FieldError(flag, Quoted(address), "HOST:PORT, such as 127.0.0.1:50051; port 0 is any");
}

bool IsLoopback(absl::string_view address) {
  return absl::StartsWith(address, "127.") || absl::StartsWith(address, "localhost:") ||
         absl::StartsWith(address, "[::1]:");
}

// Options that ask for something at once, and have no value to read from elsewhere.
bool IsAction(absl::string_view flag) { return flag == "help" || flag == "version"; }

}  // namespace

void AddServerFlags(CLI::App& app, ServerFlags& flags) {
  constexpr const char* kGroup = "Server";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return app.add_option(name, field, text)->capture_default_str()->group(kGroup);
  };
  add("--listen", flags.listen, "Address of the gRPC server; port 0 is any")
      ->type_name("HOST:PORT");
  add("--health-listen", flags.health_listen,
      "Address of a second server that answers health probes alone; empty is none")
      ->type_name("HOST:PORT");
  add("--metrics-listen", flags.metrics_listen, "Address of /metrics for Prometheus; empty is none")
      ->type_name("HOST:PORT");
  app.add_flag("--insecure", flags.insecure,
               "Allow an address that others can reach, without TLS and tokens")
      ->group(kGroup);
  add("--address-file", flags.address_file,
      "Where to write the addresses that were bound, as JSON, once ready")
      ->type_name("FILE");
  add("--drain-seconds", flags.drain_seconds,
      "Longest time between SIGTERM and the end, for work to finish or be checkpointed");
  add("--drain-delay-seconds", flags.drain_delay_seconds,
      "Time after SIGTERM in which the server is no longer ready but still takes work");
  add("--max-connection-age-seconds", flags.max_connection_age_seconds,
      "Clients reconnect after this, so that they spread over new servers");
  add("--max-threads", flags.max_threads,
      "Calls answered at once; more are refused with RESOURCE_EXHAUSTED");
  add("--stream-idle-seconds", flags.stream_idle_seconds,
      "Streams whose caller neither sends what is due nor takes what is sent for so long are "
      "ended");
  add("--log-format", flags.log_format, "text or json")->type_name("FORMAT");
  add("--log-level", flags.log_level, "debug, info, warning or error")->type_name("LEVEL");
}

void ReadFlagsFromEverywhere(CLI::App& app) {
  TakeDecimalNumbers(app);
  for (CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    if (option->get_lnames().empty() || IsAction(option->get_lnames().front())) continue;
    option->envname(EnvironmentName(option->get_lnames().front()));
  }
  app.config_formatter(std::make_shared<YamlConfig>());
  app.set_config("--config", "", "YAML file with any of these flags, as \"flag: value\"")
      ->type_name("FILE")
      ->envname("IMPRINT_CONFIG")
      ->group("Server");
  app.allow_config_extras(CLI::config_extras_mode::error);
}

absl::Status CheckServerFlags(const ServerFlags& flags) {
  RETURN_IF_ERROR(CheckAddress("listen", flags.listen));
  if (!flags.health_listen.empty()) {
    RETURN_IF_ERROR(CheckAddress("health-listen", flags.health_listen));
  }
  if (!flags.metrics_listen.empty()) {
    RETURN_IF_ERROR(CheckAddress("metrics-listen", flags.metrics_listen));
  }
  RETURN_IF_ERROR(CheckRange("drain-seconds", flags.drain_seconds, 0, 86'400));
  RETURN_IF_ERROR(CheckRange("drain-delay-seconds", flags.drain_delay_seconds, 0, 3600));
  RETURN_IF_ERROR(
      CheckRange("max-connection-age-seconds", flags.max_connection_age_seconds, 1, 2'000'000));
  RETURN_IF_ERROR(CheckRange("max-threads", flags.max_threads, 16, 100'000));
  RETURN_IF_ERROR(CheckRange("stream-idle-seconds", flags.stream_idle_seconds, 1, 86'400));
  if (!IsLoopback(flags.listen) && !flags.insecure) {
    return FieldError("listen", Quoted(flags.listen),
                      "a loopback address, or --insecure: others could use this server without "
                      "TLS and tokens");
  }
  return absl::OkStatus();
}

}  // namespace imprint
