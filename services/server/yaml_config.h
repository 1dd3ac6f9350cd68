// Reads flags from a YAML file: one "flag: value" per line, lists for flags that may be repeated.
// Private to services/server.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace imprint {

// Leaves out flags whose environment variable is set, which takes precedence. Throws
// CLI::ConversionError if the file has another form, which CLI11 reports like a bad flag.
class YamlConfig : public CLI::Config {
 public:
  std::string to_config(const CLI::App* app, bool default_also, bool write_description,
                        std::string prefix) const override;
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
};

// Maps a flag to its environment variable: "log-level" -> "IMPRINT_LOG_LEVEL".
std::string EnvironmentName(const std::string& flag);

}  // namespace imprint
