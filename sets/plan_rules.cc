#include "sets/plan_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "sets/coverage.h"

namespace imprint::sets {
namespace {

// How many names an error lists.
constexpr size_t kNamesShown = 8;

std::string JoinNames(std::vector<absl::string_view> names, absl::string_view separator) {
  const size_t more = names.size() - std::min(names.size(), kNamesShown);
  names.resize(names.size() - more);
  return absl::StrCat(absl::StrJoin(names, separator),
                      more > 0 ? absl::StrCat(separator, more, " more") : "");
}

// "20%" or 0.2.
absl::StatusOr<double> ReadShare(const YamlNode& node) {
  constexpr absl::string_view kExpected = "a share such as 20% or 0.2";
  if (!node.is_text()) return node.Wrong(kExpected);
  absl::string_view text = node.yaml().Scalar();
  const bool percent = absl::ConsumeSuffix(&text, "%");
  double share = 0;
  if (!absl::SimpleAtod(text, &share)) return node.Wrong(kExpected);
  if (percent) share /= 100;
  if (!(share >= 0 && share <= 1)) return node.Wrong(kExpected);
  return share;
}

}  // namespace

RuleReader::RuleReader(const std::vector<Axis>& axes) : axes_(axes) {
  for (const Axis& axis : axes) {
    auto& numbers = value_numbers_.emplace_back();
    for (size_t i = 0; i < axis.values.size(); ++i) numbers.emplace(axis.values[i].name, i);
  }
}

absl::StatusOr<std::vector<Quota>> RuleReader::ReadQuotas(const YamlNode& node) {
  ASSIGN_OR_RETURN(const auto elements, node.List());
  std::vector<Quota> quotas;
  for (const YamlNode& element : elements) RETURN_IF_ERROR(ReadQuota(element, quotas));
  return quotas;
}

absl::Status RuleReader::ReadQuota(const YamlNode& node, std::vector<Quota>& quotas) {
  Quota quota{.place = node.place()};
  std::optional<size_t> each;
  bool has_share = false;
  const auto share = [&has_share](double& member) {
    return [&member, &has_share](const YamlNode& value) -> absl::Status {
      has_share = true;
      ASSIGN_OR_RETURN(member, ReadShare(value));
      return absl::OkStatus();
    };
  };
  const auto selections = [this](std::vector<Selection>& member) {
    return [this, &member](const YamlNode& value) -> absl::Status {
      ASSIGN_OR_RETURN(member, ReadSelections(value));
      return absl::OkStatus();
    };
  };
  RETURN_IF_ERROR(node.Read({{"each",
                              [&](const YamlNode& value) -> absl::Status {
                                ASSIGN_OR_RETURN(each, AxisOf(value));
                                return absl::OkStatus();
                              }},
                             {"of", selections(quota.of)},
                             {"where", selections(quota.where)},
                             {"at_least", share(quota.at_least)},
                             {"at_most", share(quota.at_most)}}));
  if (each.has_value() != quota.of.empty()) {
    return node.Wrong(each ? "both \"each\" and \"of\"" : "neither \"each\" nor \"of\"",
                      "one of them");
  }
  if (!has_share) {
    return node.Wrong("no share", "at_least or at_most, such as at_least: 20%");
  }
  if (quota.at_least > quota.at_most) {
    return node.Wrong(
        absl::StrCat("at_least ", Percent(quota.at_least), ", at_most ", Percent(quota.at_most)),
        "at_least no larger than at_most");
  }
  if (!each) {
    quotas.push_back(Named(std::move(quota)));
    return absl::OkStatus();
  }
  const size_t values = axes_[*each].values.size();
  const double equal = 1.0 / static_cast<double>(values);
  if (quota.at_least > equal + kShareRounding || quota.at_most < equal - kShareRounding) {
    return node.Wrong(
        absl::StrCat(WantedShare(quota), " of each of ", values, " values"),
        absl::StrCat("a share that all can have; ", Percent(equal), " each are all the pictures"));
  }
  // `where` was counted once when it was read.
  size_t where = 0;
  for (const Selection& selection : quota.where) where += selection.size();
  RETURN_IF_ERROR(CountChoices(values + (values - 1) * where, node));
  for (size_t i = 0; i < values; ++i) {
    AxisChoice choice{.axis = *each, .values = std::vector<bool>(values)};
    choice.values[i] = true;
    Quota of_one = quota;
    of_one.of = {{choice}};
    quotas.push_back(Named(std::move(of_one)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Selection>> RuleReader::ReadSelections(const YamlNode& node) {
  std::vector<YamlNode> maps = {node};
  if (!node.is_map()) {
    ASSIGN_OR_RETURN(maps, node.List());
  }
  std::vector<Selection> selections;
  for (const YamlNode& map : maps) {
    ASSIGN_OR_RETURN(const auto entries, map.Entries());
    RETURN_IF_ERROR(CountChoices(entries.size(), map));
    if (entries.empty()) return map.Wrong("no axis", "an axis and some of its values");
    Selection& selection = selections.emplace_back();
    for (const auto& [name, key, values] : entries) {
      const std::optional<size_t> axis = Find(name);
      if (!axis) return key.Wrong(Quoted(name), ExpectedAxis());
      ASSIGN_OR_RETURN(selection.emplace_back(), ReadChoice(*axis, values));
    }
  }
  if (selections.empty()) return node.Wrong("nothing", "an axis and some of its values");
  return selections;
}

absl::Status RuleReader::CountChoices(size_t more, const YamlNode& node) {
  choices_ += more;
  if (choices_ <= kMostChoices) return absl::OkStatus();
  return node.Wrong(absl::StrCat(choices_, " axes named so far"),
                    absl::StrCat("at most ", kMostChoices,
                                 " in all exclusions and quotas; \"each\" counts once a value"));
}

absl::StatusOr<AxisChoice> RuleReader::ReadChoice(size_t number, const YamlNode& node) const {
  const Axis& axis = axes_[number];
  AxisChoice choice{.axis = number, .values = std::vector<bool>(axis.values.size())};
  ASSIGN_OR_RETURN(const auto elements, node.List());
  if (elements.empty()) return node.Wrong("no value", absl::StrCat("values of ", axis.name));
  for (const YamlNode& element : elements) {
    const auto value = element.is_text() ? value_numbers_[number].find(element.yaml().Scalar())
                                         : value_numbers_[number].end();
    if (value == value_numbers_[number].end()) {
      std::vector<absl::string_view> names;
      for (const AxisValue& each : axis.values) names.push_back(each.name);
      return element.Wrong(
          absl::StrCat("a value of ", axis.name, ": ", JoinNames(std::move(names), ", ")));
    }
    choice.values[value->second] = true;
  }
  return choice;
}

absl::StatusOr<size_t> RuleReader::AxisOf(const YamlNode& node) const {
  const std::optional<size_t> axis = node.is_text() ? Find(node.yaml().Scalar()) : std::nullopt;
  if (!axis) return node.Wrong(ExpectedAxis());
  return *axis;
}

std::optional<size_t> RuleReader::Find(absl::string_view name) const {
  const auto axis = absl::c_find_if(axes_, [&](const Axis& each) { return each.name == name; });
  if (axis == axes_.end()) return std::nullopt;
  return static_cast<size_t>(axis - axes_.begin());
}

std::string RuleReader::ExpectedAxis() const {
  return absl::StrCat("an axis: ",
                      absl::StrJoin(axes_, ", ", [](std::string* names, const Axis& axis) {
                        names->append(axis.name);
                      }));
}

Quota RuleReader::Named(Quota quota) const {
  quota.name = NameOfAny(quota.of);
  if (!quota.where.empty()) absl::StrAppend(&quota.name, ", where ", NameOfAny(quota.where));
  return quota;
}

std::string RuleReader::NameOfAny(const std::vector<Selection>& selections) const {
  return absl::StrJoin(selections, " or ", [&](std::string* out, const Selection& selection) {
    absl::StrAppend(out, absl::StrJoin(selection, " and ", [&](std::string* part, const auto& of) {
                      const Axis& axis = axes_[of.axis];
                      std::vector<absl::string_view> names;
                      for (size_t i = 0; i < axis.values.size(); ++i) {
                        if (of.values[i]) names.push_back(axis.values[i].name);
                      }
                      absl::StrAppend(part, axis.name, "=", JoinNames(std::move(names), "|"));
                    }));
  });
}

}  // namespace imprint::sets
