#include "services/server/yaml_config.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include <yaml-cpp/yaml.h>

namespace imprint {

std::string EnvironmentName(const std::string& flag) {
  return absl::StrCat("IMPRINT_", absl::AsciiStrToUpper(absl::StrReplaceAll(flag, {{"-", "_"}})));
}

std::string YamlConfig::to_config(const CLI::App* app, bool default_also, bool, std::string) const {
  YAML::Node file;
  for (const CLI::Option* option : app->get_options({})) {
    if (option->get_lnames().empty() || (option->count() == 0 && !default_also)) continue;
    file[option->get_lnames().front()] =
        option->count() > 0 ? option->as<std::string>() : option->get_default_str();
  }
  return absl::StrCat(YAML::Dump(file), "\n");
}

std::vector<CLI::ConfigItem> YamlConfig::from_config(std::istream& input) const {
  std::vector<CLI::ConfigItem> items;
  try {
    const YAML::Node file = YAML::Load(input);
    if (!file.IsMap() && !file.IsNull()) {
      throw CLI::ConversionError("config: expected \"flag: value\" lines in YAML");
    }
    for (const auto& entry : file) {
      CLI::ConfigItem item;
      item.name = entry.first.as<std::string>();
      // CLI11 reads the file before the environment, and what is read first counts; ours is the
      // other way round.
      if (std::getenv(EnvironmentName(item.name).c_str()) != nullptr) continue;
      if (entry.second.IsSequence()) {
        for (const auto& value : entry.second) item.inputs.push_back(value.as<std::string>());
      } else {
        item.inputs.push_back(entry.second.as<std::string>());
      }
      items.push_back(std::move(item));
    }
  } catch (const YAML::Exception& error) {
    throw CLI::ConversionError(absl::StrCat("config: ", error.what()));
  }
  return items;
}

}  // namespace imprint
