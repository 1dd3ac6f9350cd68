// Flags from a YAML file: one "flag: value" a line, lists for flags that may be repeated. Private
// to services/server.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace imprint {

// Leaves out flags whose environment variable is set, which goes first. Throws CLI::ConversionError
// for what is no such file: CLI11 reports it as it reports a bad flag.
class YamlConfig : public CLI::Config {
 public:
  std::string to_config(const CLI::App* app, bool default_also, bool write_description,
                        std::string prefix) const override;
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
};

// "log-level" -> "IMPRINT_LOG_LEVEL".
std::string EnvironmentName(const std::string& flag);

}  // namespace imprint
