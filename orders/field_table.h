// An option of the product as a row of a table. The rows give the checks and JSON both ways (here),
// the protos (orders/wire), the flags of both command lines (cli/program/field_flags.h) and
// docs/options.md. So a new option is a member, a row and a proto field.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include <nlohmann/json.hpp>

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/status_macros.h"

namespace imprint {

// The range of numbers that a field accepts.
struct FieldRange {
  double least = 0;
  double most = 0;
  // Whether the ends themselves are excluded.
  bool above_least = false;
  bool below_most = false;
  // Whether 0 is accepted, too, and means none.
  bool or_zero = false;

  // Returns whether the value is in the range, which is never true of NaN.
  constexpr bool Has(double value) const {
    if (or_zero && value == 0) return true;
    return (above_least ? value > least : value >= least) &&
           (below_most ? value < most : value <= most);
  }
};

// A member of an enum type whose values count from 0, and the names of these, in that order.
template <typename Struct>
struct ChoiceMember {
  int (*get)(const Struct&) = nullptr;
  void (*set)(Struct&, int) = nullptr;
  absl::Span<const absl::string_view> names;
};

// Choice<&TrainingRecipe::schedule>(kScheduleNames).
template <auto member>
struct ChoiceOf;
template <typename Struct, typename Enum, Enum Struct::*member>
struct ChoiceOf<member> {
  static constexpr ChoiceMember<Struct> Named(absl::Span<const absl::string_view> names) {
    return {[](const Struct& values) { return static_cast<int>(values.*member); },
            [](Struct& values, int value) { values.*member = static_cast<Enum>(value); }, names};
  }
};

// One row. A plain value; tables are constants.
template <typename Struct>
struct Field {
  // Its name in JSON, in the proto and in errors.
  absl::string_view name;
  // Its flag without the dashes. One that begins with "no-" takes no value and makes a bool false.
  absl::string_view flag;
  std::variant<int Struct::*, uint64_t Struct::*, double Struct::*, bool Struct::*,
               ChoiceMember<Struct>>
      member;
  // The range of an int or a double; the other kinds have none.
  FieldRange range;
  // The range's description in errors and docs; empty means the numbers themselves.
  absl::string_view expected;
  // The description for people: one clause, without a full stop.
  absl::string_view help;
};

template <typename Struct>
using FieldTable = absl::Span<const Field<Struct>>;

// Return what a field may be, in words: "a whole number from 1 to 75", "constant or cosine".
std::string ExpectedNumber(const FieldRange& range, bool whole);
std::string ExpectedName(absl::Span<const absl::string_view> names);

namespace field_table_internal {

template <typename... Callables>
struct Overloaded : Callables... {
  using Callables::operator()...;
};
template <typename... Callables>
Overloaded(Callables...) -> Overloaded<Callables...>;

// Returns the place of a name in the list; -1 if it is not there.
int PlaceOf(absl::string_view name, absl::Span<const absl::string_view> names);

// Reads a field. INVALID_ARGUMENT naming the file and the field unless it is a whole number that an
// int holds.
absl::StatusOr<int> ReadInt(const JsonObject& json, absl::string_view key,
                            absl::string_view expected);

}  // namespace field_table_internal

template <typename Struct>
std::string Expected(const Field<Struct>& field) {
  if (!field.expected.empty()) return std::string(field.expected);
  using field_table_internal::Overloaded;
  return std::visit(
      Overloaded{
          [&](int Struct::*) { return ExpectedNumber(field.range, /*whole=*/true); },
          [&](double Struct::*) { return ExpectedNumber(field.range, /*whole=*/false); },
          [](uint64_t Struct::*) { return absl::StrCat("a whole number from 0 to ", UINT64_MAX); },
          [](bool Struct::*) { return std::string("true or false"); },
          [](const ChoiceMember<Struct>& choice) { return ExpectedName(choice.names); }},
      field.member);
}

// Sets the field to the value of that name. INVALID_ARGUMENT naming `context` and the field.
template <typename Struct>
absl::Status SetByName(const Field<Struct>& field, absl::string_view name, Struct& values,
                       absl::string_view context = "") {
  const auto& choice = std::get<ChoiceMember<Struct>>(field.member);
  const int place = field_table_internal::PlaceOf(name, choice.names);
  if (place < 0) {
    return FieldError(absl::StrCat(context, field.name), Quoted(name), Expected(field));
  }
  choice.set(values, place);
  return absl::OkStatus();
}

// Returns INVALID_ARGUMENT naming the first field that is out of its range, with what was given and
// what is expected.
template <typename Struct>
absl::Status CheckFields(FieldTable<Struct> table, const Struct& values) {
  for (const Field<Struct>& field : table) {
    const auto check = [&](auto value) {
      if (field.range.Has(static_cast<double>(value))) return absl::OkStatus();
      return FieldError(field.name, absl::StrCat(value), Expected(field));
    };
    absl::Status status;
    if (const auto* whole = std::get_if<int Struct::*>(&field.member)) {
      status = check(values.**whole);
    } else if (const auto* number = std::get_if<double Struct::*>(&field.member)) {
      status = check(values.**number);
    }
    RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

// Returns an object with every field.
template <typename Struct>
nlohmann::json ToJson(FieldTable<Struct> table, const Struct& values) {
  using field_table_internal::Overloaded;
  nlohmann::json json = nlohmann::json::object();
  for (const Field<Struct>& field : table) {
    json[std::string(field.name)] =
        std::visit(Overloaded{[&](const ChoiceMember<Struct>& choice) -> nlohmann::json {
                                return choice.names[static_cast<size_t>(choice.get(values))];
                              },
                              [&](auto member) -> nlohmann::json { return values.*member; }},
                   field.member);
  }
  return json;
}

// Reads what ToJson wrote; every field must be there. INVALID_ARGUMENT naming the file and the
// field.
template <typename Struct>
absl::StatusOr<Struct> FromJson(FieldTable<Struct> table, const JsonObject& json) {
  using field_table_internal::Overloaded;
  Struct values;
  for (const Field<Struct>& field : table) {
    const auto take = [&](auto member) -> absl::Status {
      using Value = std::decay_t<decltype(values.*member)>;
      if constexpr (std::is_same_v<Value, int>) {
        ASSIGN_OR_RETURN(values.*member,
                         field_table_internal::ReadInt(json, field.name, Expected(field)));
      } else {
        ASSIGN_OR_RETURN(values.*member, json.Get<Value>(field.name));
      }
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(std::visit(
        Overloaded{[&](const ChoiceMember<Struct>&) -> absl::Status {
                     ASSIGN_OR_RETURN(const auto name, json.Get<std::string>(field.name));
                     return SetByName(field, name, values, absl::StrCat(json.origin(), ": "));
                   },
                   take},
        field.member));
  }
  RETURN_IF_ERROR(CheckFields(table, values));
  return values;
}

}  // namespace imprint
