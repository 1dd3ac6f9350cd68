// Makes flags of a command from a table of orders.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include <CLI/CLI.hpp>

#include "orders/field_table.h"

namespace imprint::cli {

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

  // Returns whether the line gives that row's flag.
  bool Given(const Field<Struct>& row) const {
    for (const auto& [field, option] : flags_) {
      if (field->name == row.name) return option->count() > 0;
    }
    return false;
  }

 private:
  CLI::Option* Add(CLI::App& app, const Field<Struct>& field, ShowDefaults defaults) {
    const std::string flag = absl::StrCat("--", field.flag);
    const std::string help(field.help);
    if (const auto* member = std::get_if<bool Struct::*>(&field.member)) {
      const bool value = !absl::StartsWith(field.flag, "no-");
      return app.add_flag_callback(
          flag, [this, member, value] { values_.** member = value; }, help);
    }
    CLI::Option* option = nullptr;
    if (const auto* choice = std::get_if<ChoiceMember<Struct>>(&field.member)) {
      auto& [unused, text] =
          names_.emplace_back(&field, choice->names[static_cast<size_t>(choice->get(values_))]);
      option = app.add_option(flag, text, help)->type_name("NAME");
    } else {
      std::visit(
          [&](auto member) {
            if constexpr (std::is_member_object_pointer_v<decltype(member)>) {
              option = app.add_option(flag, values_.*member, help);
            }
          },
          field.member);
    }
    if (defaults == ShowDefaults::kYes) option->capture_default_str();
    return option;
  }

  Struct& values_;
  std::vector<std::pair<const Field<Struct>*, CLI::Option*>> flags_;
  // The names as they were given. A deque, because options keep references to them.
  std::deque<std::pair<const Field<Struct>*, std::string>> names_;
};

}  // namespace imprint::cli
