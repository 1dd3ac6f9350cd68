// An option of the product as a row of a table. The rows give the checks and JSON both ways (here),
// the protos (orders/wire), the flags of both command lines (orders/flags/field_flags.h) and
// docs/options.md. So a new option is a member, a row and, if it travels, a proto field. Whoever
// uses a text checks how long it may be.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
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

// A member whose values have names of their own, more than a list can say: a solver.
template <typename Struct>
struct NamedMember {
  std::string (*get)(const Struct&) = nullptr;
  // INVALID_ARGUMENT naming `field`.
  absl::Status (*set)(absl::string_view field, absl::string_view name, Struct&) = nullptr;
};

// ChoiceOf<&TrainingRecipe::schedule>::Named(kLearningRateSchedules).
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
  // Its flag without the dashes; empty if another flag gives it. One that begins with "no-" takes
  // no value and makes a bool false. Further names follow with
  // their dashes: "class,--word".
  absl::string_view flag;
  std::variant<int Struct::*, uint64_t Struct::*, double Struct::*, bool Struct::*,
               std::string Struct::*, ChoiceMember<Struct>, NamedMember<Struct>>
      member;
  // The range of an int or a double; the other kinds have none.
  FieldRange range;
  // The range's description in errors and docs; empty means the numbers themselves.
  absl::string_view expected;
  // The description for people: one clause, without a full stop.
  absl::string_view help;
  // Whether the model says what it is where nobody does; the member's own value is then of no
  // account to people.
  bool models_own = false;
};

template <typename Struct>
using FieldTable = absl::Span<const Field<Struct>>;

// Returns the row of that name; null if there is none.
template <typename Struct>
const Field<Struct>* FindRow(FieldTable<Struct> table, absl::string_view name) {
  for (const Field<Struct>& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

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

// Returns the row of that name. Without one it is no constant expression, and does not compile
// where one is needed.
template <typename Rows>
constexpr auto& RowNamed(Rows& rows, absl::string_view name) {
  for (auto& row : rows) {
    if (row.name == name) return row;
  }
  std::abort();
}

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
          [](std::string Struct::*) { return std::string("text"); },
          [](const NamedMember<Struct>&) { return std::string("a name"); },
          [](const ChoiceMember<Struct>& choice) { return ExpectedName(choice.names); }},
      field.member);
}

// Sets the field to the value of that name. INVALID_ARGUMENT naming `context` and the field.
template <typename Struct>
absl::Status SetByName(const Field<Struct>& field, absl::string_view name, Struct& values,
                       absl::string_view context = "") {
  const std::string where = absl::StrCat(context, field.name);
  if (const auto* named = std::get_if<NamedMember<Struct>>(&field.member)) {
    return named->set(where, name, values);
  }
  const auto& choice = std::get<ChoiceMember<Struct>>(field.member);
  const int place = field_table_internal::PlaceOf(name, choice.names);
  if (place < 0) {
    return FieldError(where, Quoted(name), Expected(field));
  }
  choice.set(values, place);
  return absl::OkStatus();
}

// Returns the name of the value that the field has.
template <typename Struct>
std::string NameOf(const Field<Struct>& field, const Struct& values) {
  if (const auto* named = std::get_if<NamedMember<Struct>>(&field.member)) {
    return named->get(values);
  }
  const auto& choice = std::get<ChoiceMember<Struct>>(field.member);
  return std::string(choice.names[static_cast<size_t>(choice.get(values))]);
}

// Whether a kind of member is given by name.
template <typename Member>
inline constexpr bool kIsNamed = !std::is_member_object_pointer_v<Member>;

// What errors call a field: its name, or its flag where it has one.
enum class FieldNaming { kByName, kByFlag };

// Returns INVALID_ARGUMENT naming `context` and the first field that is out of its range, with what
// was given and what is expected.
template <typename Struct>
absl::Status CheckFields(FieldTable<Struct> table, const Struct& values,
                         absl::string_view context = "",
                         FieldNaming naming = FieldNaming::kByName) {
  for (const Field<Struct>& field : table) {
    const auto check = [&](auto value) {
      if (field.range.Has(static_cast<double>(value))) return absl::OkStatus();
      const bool by_flag = naming == FieldNaming::kByFlag && !field.flag.empty();
      return FieldError(absl::StrCat(context, by_flag ? field.flag : field.name),
                        absl::StrCat(value), Expected(field));
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

// Copies those fields whose rows `wanted` takes.
template <typename Struct>
void CopyFields(FieldTable<Struct> table, const Struct& from,
                const std::function<bool(const Field<Struct>&)>& wanted, Struct& to) {
  for (const Field<Struct>& field : table) {
    if (!wanted(field)) continue;
    std::visit(
        [&]<typename Member>(const Member& member) {
          if constexpr (std::is_same_v<Member, NamedMember<Struct>>) {
            // A name that the member itself gave.
            member.set(field.name, member.get(from), to).IgnoreError();
          } else if constexpr (std::is_same_v<Member, ChoiceMember<Struct>>) {
            member.set(to, member.get(from));
          } else {
            to.*member = from.*member;
          }
        },
        field.member);
  }
}

// Returns the rows with other flags for those that are named; an empty flag is none. A name that no
// row has does not compile.
template <typename Struct, size_t n>
consteval std::array<Field<Struct>, n> WithFlags(
    std::array<Field<Struct>, n> rows,
    std::initializer_list<std::pair<absl::string_view, absl::string_view>> flags) {
  for (const auto& [name, flag] : flags) {
    field_table_internal::RowNamed(rows, name).flag = flag;
  }
  return rows;
}
template <typename Struct, size_t n>
consteval std::array<Field<Struct>, n> WithFlags(
    const Field<Struct> (&rows)[n],
    std::initializer_list<std::pair<absl::string_view, absl::string_view>> flags) {
  return WithFlags(std::to_array(rows), flags);
}

// Returns the rows with flags for those alone that are named. A name that no row has does not
// compile.
template <typename Struct, size_t n>
consteval std::array<Field<Struct>, n> WithFlagsOnlyOf(
    const Field<Struct> (&rows)[n], std::initializer_list<absl::string_view> names) {
  std::array<Field<Struct>, n> changed = std::to_array(rows);
  for (Field<Struct>& row : changed) row.flag = "";
  for (const absl::string_view name : names) {
    Field<Struct>& row = field_table_internal::RowNamed(changed, name);
    row.flag = field_table_internal::RowNamed(rows, name).flag;
  }
  return changed;
}

// Returns an object with every field.
template <typename Struct>
nlohmann::json ToJson(FieldTable<Struct> table, const Struct& values) {
  nlohmann::json json = nlohmann::json::object();
  for (const Field<Struct>& field : table) {
    json[std::string(field.name)] = std::visit(
        [&]<typename Member>(const Member& member) -> nlohmann::json {
          if constexpr (kIsNamed<Member>) {
            return NameOf(field, values);
          } else {
            return values.*member;
          }
        },
        field.member);
  }
  return json;
}

// What a field that is missing from an object means.
enum class MissingFields { kAreErrors, kAreDefault };

// Reads what ToJson wrote. INVALID_ARGUMENT naming the file and the field.
template <typename Struct>
absl::StatusOr<Struct> FromJson(FieldTable<Struct> table, const JsonObject& json,
                                MissingFields missing = MissingFields::kAreErrors) {
  Struct values;
  for (const Field<Struct>& field : table) {
    if (missing == MissingFields::kAreDefault && !json.Has(field.name)) continue;
    const auto take = [&]<typename Member>(const Member& member) -> absl::Status {
      if constexpr (kIsNamed<Member>) {
        ASSIGN_OR_RETURN(const auto name, json.Get<std::string>(field.name));
        return SetByName(field, name, values, absl::StrCat(json.origin(), ": "));
      } else if constexpr (std::is_same_v<Member, int Struct::*>) {
        ASSIGN_OR_RETURN(values.*member,
                         field_table_internal::ReadInt(json, field.name, Expected(field)));
      } else {
        using Value = std::decay_t<decltype(values.*member)>;
        ASSIGN_OR_RETURN(values.*member, json.Get<Value>(field.name));
      }
      return absl::OkStatus();
    };
    RETURN_IF_ERROR(std::visit(take, field.member));
  }
  RETURN_IF_ERROR(CheckFields(table, values, absl::StrCat(json.origin(), ": ")));
  return values;
}

}  // namespace imprint
