// Makes command-line flags from a table of orders, and turns values back into arguments.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "orders/field_table.h"

namespace imprint {

enum class ShowDefaults { kYes, kNo };

// One flag for each row, stored in a Struct that the caller keeps. Must live until the command line
// is parsed; not thread-safe.
template <typename Struct>
class FieldFlags {
 public:
  // Help shows the flags under `group`, with the values that `values` has now if these are the
  // defaults.
  FieldFlags(CLI::App& app, FieldTable<Struct> table, Struct& values, const std::string& group,
             ShowDefaults defaults)
      : values_(values) {
    for (const Field<Struct>& field : table) {
      if (field.flag.empty()) continue;
      CLI::Option* option = Add(app, field, defaults);
      option->group(group);
      flags_.push_back({&field, option});
    }
  }
  FieldFlags(const FieldFlags&) = delete;
  FieldFlags& operator=(const FieldFlags&) = delete;

  // To be called once the line is parsed: sets the fields whose values are given by name. Returns
  // INVALID_ARGUMENT naming the field.
  absl::Status TakeNames() {
    for (const auto& [field, text] : names_) RETURN_IF_ERROR(SetByName(*field, text, values_));
    return absl::OkStatus();
  }

  // Returns the option of the row with that name, to be described further. Ends the process if the
  // row has no flag.
  CLI::Option& option(absl::string_view field_name) {
    const auto found = std::find_if(flags_.begin(), flags_.end(), [field_name](const auto& flag) {
      return flag.first->name == field_name;
    });
    if (found == flags_.end()) std::abort();
    return *found->second;
  }

  // Returns whether the line gives the flag of the row with that name.
  bool Given(absl::string_view field_name) const {
    for (const auto& [field, option] : flags_) {
      if (field->name == field_name) return option->count() > 0;
    }
    return false;
  }

 private:
  CLI::Option* Add(CLI::App& app, const Field<Struct>& field, ShowDefaults defaults) {
    const std::string flag = absl::StrCat("--", field.flag);
    const std::string help(field.help);
    return std::visit(
        [&]<typename Member>(const Member& member) -> CLI::Option* {
          CLI::Option* option = nullptr;
          if constexpr (std::is_same_v<Member, bool Struct::*>) {
            const bool value = !absl::StartsWith(field.flag, "no-");
            return app.add_flag_callback(
                flag, [this, member, value] { values_.*member = value; }, help);
          } else if constexpr (kIsNamed<Member>) {
            auto& [unused, name] = names_.emplace_back(&field, NameOf(field, values_));
            option = app.add_option(flag, name, help)->type_name("NAME");
          } else {
            option = app.add_option(flag, values_.*member, help);
          }
          if (defaults == ShowDefaults::kYes && !field.models_own) option->capture_default_str();
          return option;
        },
        field.member);
  }

  Struct& values_;
  std::vector<std::pair<const Field<Struct>*, CLI::Option*>> flags_;
  // The names as they were given. A deque, because options keep references to them.
  std::deque<std::pair<const Field<Struct>*, std::string>> names_;
};

// Returns the arguments that give a program with these flags the same values: those that are not
// its defaults.
template <typename Struct>
std::vector<std::string> ArgumentsFor(FieldTable<Struct> table, const Struct& values) {
  std::vector<std::string> arguments;
  const Struct defaults;
  for (const Field<Struct>& field : table) {
    if (field.flag.empty()) continue;
    const std::string flag = absl::StrCat("--", field.flag);
    std::visit(
        [&]<typename Member>(const Member& member) {
          if constexpr (std::is_same_v<Member, bool Struct::*>) {
            if (values.*member != defaults.*member) arguments.push_back(flag);
          } else if constexpr (kIsNamed<Member>) {
            const std::string name = NameOf(field, values);
            if (name != NameOf(field, defaults)) arguments.insert(arguments.end(), {flag, name});
          } else if constexpr (std::is_same_v<Member, std::string Struct::*>) {
            if (values.*member != defaults.*member) {
              arguments.insert(arguments.end(), {flag, values.*member});
            }
          } else if (values.*member != defaults.*member) {
            // As JSON writes numbers: a double in as many digits as it takes.
            arguments.insert(arguments.end(), {flag, nlohmann::json(values.*member).dump()});
          }
        },
        field.member);
  }
  return arguments;
}

}  // namespace imprint
