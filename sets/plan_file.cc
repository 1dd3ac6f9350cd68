#include "sets/plan_file.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_file.h"
#include "orders/field_table.h"
#include "sets/coverage.h"
#include "sets/plan_node.h"
#include "sets/plan_settings.h"

namespace imprint::sets {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxTitleBytes = 200;

bool IsNameByte(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; }

// Names become parts of keys, files and addresses.
absl::Status CheckName(absl::string_view name, const PlanNode& node) {
  if (!name.empty() && name.size() <= kMaxNameBytes && absl::c_all_of(name, IsNameByte)) {
    return absl::OkStatus();
  }
  return node.Wrong(Quoted(name), absl::StrCat("a name of at most ", kMaxNameBytes,
                                               " letters without accents, digits, - and _; other "
                                               "words go into text"));
}

// Reads a plan from the top; each function reads a part of it.
class PlanReader {
 public:
  explicit PlanReader(const std::string& origin) { plan_.origin = origin; }

  absl::StatusOr<Plan> Read(const PlanNode& file) {
    const auto to = [this](auto read) {
      return [this, read](const PlanNode& node) { return (this->*read)(node); };
    };
    const auto text = [](std::string& member, size_t most) {
      return [&member, most](const PlanNode& node) -> absl::Status {
        ASSIGN_OR_RETURN(member, node.Text(most));
        return absl::OkStatus();
      };
    };
    RETURN_IF_ERROR(file.Read(WithSettings({{"title", text(plan_.title, kMaxTitleBytes)},
                                            {"base_model", text(plan_.base_model, kMaxTitleBytes)},
                                            {"embeddings", to(&PlanReader::ReadEmbeddings)},
                                            {"seed", to(&PlanReader::ReadSeed)},
                                            {"count", to(&PlanReader::ReadCount)},
                                            {"axes", to(&PlanReader::ReadAxes)},
                                            {"same_seed", to(&PlanReader::ReadSameSeed)},
                                            {"prompt", to(&PlanReader::ReadPrompt)},
                                            {"alt_text", to(&PlanReader::ReadAltText)},
                                            {"exclude", to(&PlanReader::ReadExclusions)},
                                            {"quotas", to(&PlanReader::ReadQuotas)}},
                                           plan_.settings)));
    for (const auto& [field, missing] :
         {std::pair("axes", plan_.axes.empty()), std::pair("prompt", plan_.prompt.empty())}) {
      if (missing) {
        return FieldError(absl::StrCat(plan_.origin, ": ", field), "nothing",
                          "what the pictures differ in, and a prompt");
      }
    }
    RETURN_IF_ERROR(CheckDifferences());
    RETURN_IF_ERROR(CheckContradictions(plan_));
    return std::move(plan_);
  }

 private:
  absl::Status ReadEmbeddings(const PlanNode& node) {
    ASSIGN_OR_RETURN(const auto elements, node.List());
    for (const PlanNode& element : elements) {
      ASSIGN_OR_RETURN(plan_.embeddings.emplace_back(), element.Text(kMaxTitleBytes));
    }
    return absl::OkStatus();
  }

  absl::Status ReadSeed(const PlanNode& node) {
    if (node.is_text() && absl::SimpleAtoi(node.yaml().Scalar(), &plan_.seed)) {
      return absl::OkStatus();
    }
    return node.Wrong(absl::StrCat("a whole number from 0 to ", UINT64_MAX));
  }

  absl::Status ReadCount(const PlanNode& node) {
    ASSIGN_OR_RETURN(const int64_t count, node.Whole(1, kMostPicturesOfCell));
    plan_.count = static_cast<int>(count);
    return absl::OkStatus();
  }

  absl::Status ReadAxes(const PlanNode& node) {
    ASSIGN_OR_RETURN(const auto entries, node.Entries());
    if (entries.empty() || entries.size() > kMostAxes) {
      return node.Wrong(absl::StrCat(entries.size(), " axes"), absl::StrCat("1 to ", kMostAxes));
    }
    for (const auto& [name, axis] : entries) {
      RETURN_IF_ERROR(CheckName(name, axis));
      plan_.axes.push_back({.name = name});
      axis_names_.push_back(name);
      places_.emplace_back();
      RETURN_IF_ERROR(ReadAxis(axis, plan_.axes.back()));
    }
    return absl::OkStatus();
  }

  absl::Status ReadAxis(const PlanNode& node, Axis& axis) {
    if (node.is_map()) {
      ASSIGN_OR_RETURN(const auto entries, node.Entries());
      for (const auto& [name, value] : entries) {
        RETURN_IF_ERROR(CheckName(name, value));
        axis.values.push_back({.name = name, .text = name});
        places_.back().push_back(value.place());
        RETURN_IF_ERROR(ReadValue(value, axis.values.back()));
      }
    } else {
      ASSIGN_OR_RETURN(const auto elements, node.List());
      for (const PlanNode& element : elements) {
        ASSIGN_OR_RETURN(const std::string name, element.Text(kMaxPromptBytes));
        RETURN_IF_ERROR(CheckName(name, element));
        if (FindValue(axis, name)) return element.Wrong(Quoted(name) + " twice", "it once");
        axis.values.push_back({.name = name, .text = name});
        places_.back().push_back(element.place());
      }
    }
    if (axis.values.empty() || axis.values.size() > kMostAxisValues) {
      return node.Wrong(absl::StrCat(axis.values.size(), " values"),
                        absl::StrCat("1 to ", kMostAxisValues));
    }
    return absl::OkStatus();
  }

  absl::Status ReadValue(const PlanNode& node, AxisValue& value) {
    const auto read_text = [&](const PlanNode& text) -> absl::Status {
      ASSIGN_OR_RETURN(value.text, text.Text(kMaxPromptBytes, /*may_be_empty=*/true));
      return absl::OkStatus();
    };
    if (!node.is_map()) return read_text(node);
    return node.Read(
        WithSettings({{"text", read_text},
                      {"weight",
                       [&](const PlanNode& weight) -> absl::Status {
                         ASSIGN_OR_RETURN(const int64_t whole, weight.Whole(1, kMostWeight));
                         value.weight = static_cast<int>(whole);
                         return absl::OkStatus();
                       }},
                      {"alt_text",
                       [&](const PlanNode& words) -> absl::Status {
                         ASSIGN_OR_RETURN(const auto entries, words.Entries());
                         for (const auto& [language, text] : entries) {
                           ASSIGN_OR_RETURN(value.alt_text[language],
                                            text.Text(kMaxPromptBytes, /*may_be_empty=*/true));
                         }
                         return absl::OkStatus();
                       }}},
                     value.settings));
  }

  absl::Status ReadSameSeed(const PlanNode& node) {
    ASSIGN_OR_RETURN(const auto elements, node.List());
    for (const PlanNode& element : elements) {
      ASSIGN_OR_RETURN(const size_t axis, AxisOf(element));
      plan_.axes[axis].same_seed = true;
    }
    return absl::OkStatus();
  }

  absl::Status ReadPrompt(const PlanNode& node) {
    ASSIGN_OR_RETURN(plan_.prompt, ReadTemplate(node));
    return absl::OkStatus();
  }

  absl::Status ReadAltText(const PlanNode& node) {
    ASSIGN_OR_RETURN(const auto entries, node.Entries());
    for (const auto& [language, words] : entries) {
      RETURN_IF_ERROR(CheckName(language, words));
      ASSIGN_OR_RETURN(const TextTemplate text, ReadTemplate(words));
      for (size_t i = 0; i < plan_.axes.size(); ++i) {
        if (!text.Has(i)) continue;
        for (const AxisValue& value : plan_.axes[i].values) {
          if (value.alt_text.contains(language)) continue;
          return words.Wrong(absl::StrCat("{", plan_.axes[i].name, "}"),
                             absl::StrCat("axes.", plan_.axes[i].name, ".", value.name,
                                          ".alt_text.", language, " to say what stands for it"));
        }
      }
      plan_.alt_text[language] = text;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<TextTemplate> ReadTemplate(const PlanNode& node) {
    ASSIGN_OR_RETURN(const std::string text, node.Text(kMaxPromptBytes));
    auto parsed = TextTemplate::Parse(text, axis_names_);
    if (parsed.ok()) return parsed;
    return absl::InvalidArgumentError(
        absl::StrCat(node.place(), ": ", node.field(), ": ", parsed.status().message()));
  }

  absl::Status ReadExclusions(const PlanNode& node) {
    ASSIGN_OR_RETURN(plan_.exclusions, ReadSelections(node));
    return absl::OkStatus();
  }

  absl::Status ReadQuotas(const PlanNode& node) {
    ASSIGN_OR_RETURN(const auto elements, node.List());
    for (const PlanNode& element : elements) RETURN_IF_ERROR(ReadQuota(element));
    return absl::OkStatus();
  }

  absl::Status ReadQuota(const PlanNode& node) {
    Quota quota{.place = node.place()};
    std::optional<size_t> each;
    const auto share = [](double& member) {
      return [&member](const PlanNode& value) -> absl::Status {
        ASSIGN_OR_RETURN(member, ReadShare(value));
        return absl::OkStatus();
      };
    };
    const auto selections = [this](std::vector<Selection>& member) {
      return [this, &member](const PlanNode& value) -> absl::Status {
        ASSIGN_OR_RETURN(member, ReadSelections(value));
        return absl::OkStatus();
      };
    };
    RETURN_IF_ERROR(node.Read({{"each",
                                [&](const PlanNode& value) -> absl::Status {
                                  ASSIGN_OR_RETURN(each, AxisOf(value));
                                  return absl::OkStatus();
                                }},
                               {"of", selections(quota.of)},
                               {"where", selections(quota.where)},
                               {"at_least", share(quota.at_least)},
                               {"at_most", share(quota.at_most)}}));
    if (each.has_value() != quota.of.empty()) {
      return node.Wrong(each ? "each and of" : "neither each nor of",
                        "one of them: each: an axis, or of: some values");
    }
    if (quota.at_least == 0 && quota.at_most == 1) {
      return node.Wrong("no share", "at_least or at_most, such as 20%");
    }
    if (quota.at_least > quota.at_most) {
      return node.Wrong("at_least above at_most", "at_least to be at most at_most");
    }
    if (!each) {
      plan_.quotas.push_back(Named(std::move(quota)));
      return absl::OkStatus();
    }
    const size_t values = plan_.axes[*each].values.size();
    if (quota.at_least * static_cast<double>(values) > 1 + 1e-9) {
      return node.Wrong(absl::StrCat("at least ", quota.at_least * 100, " % of each of ", values),
                        absl::StrCat("at most ", 100.0 / static_cast<double>(values), " %"));
    }
    for (size_t i = 0; i < values; ++i) {
      AxisChoice choice{.axis = *each, .values = std::vector<bool>(values)};
      choice.values[i] = true;
      Quota of_one = quota;
      of_one.of = {{choice}};
      plan_.quotas.push_back(Named(std::move(of_one)));
    }
    return absl::OkStatus();
  }

  // "20%" or 0.2.
  static absl::StatusOr<double> ReadShare(const PlanNode& node) {
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

  // A map of axes and their values, or a list of such maps, of which any may hold.
  absl::StatusOr<std::vector<Selection>> ReadSelections(const PlanNode& node) {
    std::vector<PlanNode> maps = {node};
    if (!node.is_map()) {
      ASSIGN_OR_RETURN(maps, node.List());
    }
    std::vector<Selection> selections;
    for (const PlanNode& map : maps) {
      ASSIGN_OR_RETURN(const auto entries, map.Entries());
      if (entries.empty()) return map.Wrong("no axis", "an axis and some of its values");
      Selection& selection = selections.emplace_back();
      for (const auto& [name, values] : entries) {
        const auto axis = absl::c_find(axis_names_, name);
        if (axis == axis_names_.end()) return UnknownAxis(name, values);
        ASSIGN_OR_RETURN(selection.emplace_back(),
                         ReadChoice(static_cast<size_t>(axis - axis_names_.begin()), values));
      }
    }
    if (selections.empty()) return node.Wrong("nothing", "an axis and some of its values");
    return selections;
  }

  absl::StatusOr<AxisChoice> ReadChoice(size_t number, const PlanNode& node) {
    const Axis& axis = plan_.axes[number];
    AxisChoice choice{.axis = number, .values = std::vector<bool>(axis.values.size())};
    ASSIGN_OR_RETURN(const auto elements, node.List());
    for (const PlanNode& element : elements) {
      const auto value =
          element.is_text() ? FindValue(axis, element.yaml().Scalar()) : std::nullopt;
      if (!value) {
        return element.Wrong(
            absl::StrCat("a value of ", axis.name, ": ",
                         absl::StrJoin(axis.values, ", ", [](std::string* out, const auto& each) {
                           absl::StrAppend(out, each.name);
                         })));
      }
      choice.values[*value] = true;
    }
    return choice;
  }

  absl::StatusOr<size_t> AxisOf(const PlanNode& node) const {
    if (node.is_text()) {
      const auto axis = absl::c_find(axis_names_, node.yaml().Scalar());
      if (axis != axis_names_.end()) return static_cast<size_t>(axis - axis_names_.begin());
    }
    return node.Wrong(absl::StrCat("an axis: ", absl::StrJoin(axis_names_, ", ")));
  }

  absl::Status UnknownAxis(absl::string_view name, const PlanNode& node) const {
    return node.Wrong(absl::StrCat("axis ", Quoted(name)),
                      absl::StrCat("an axis: ", absl::StrJoin(axis_names_, ", ")));
  }

  static std::optional<size_t> FindValue(const Axis& axis, absl::string_view name) {
    const auto found =
        absl::c_find_if(axis.values, [&](const AxisValue& value) { return value.name == name; });
    if (found == axis.values.end()) return std::nullopt;
    return static_cast<size_t>(found - axis.values.begin());
  }

  Quota Named(Quota quota) const {
    quota.name = NameOfAny(quota.of);
    if (!quota.where.empty()) absl::StrAppend(&quota.name, ", where ", NameOfAny(quota.where));
    return quota;
  }

  std::string NameOfAny(const std::vector<Selection>& selections) const {
    return absl::StrJoin(selections, " or ", [&](std::string* out, const Selection& selection) {
      absl::StrAppend(out,
                      absl::StrJoin(selection, " and ", [&](std::string* part, const auto& of) {
                        const Axis& axis = plan_.axes[of.axis];
                        std::vector<absl::string_view> names;
                        for (size_t i = 0; i < axis.values.size(); ++i) {
                          if (of.values[i]) names.push_back(axis.values[i].name);
                        }
                        absl::StrAppend(part, axis.name, "=", absl::StrJoin(names, "|"));
                      }));
    });
  }

  // No two pictures are drawn from the same, and no setting is given twice.
  absl::Status CheckDifferences() const {
    std::map<const Field<PictureRequest>*, absl::string_view> given_by;
    for (size_t i = 0; i < plan_.axes.size(); ++i) {
      const Axis& axis = plan_.axes[i];
      std::set<absl::string_view> texts;
      for (size_t j = 0; j < axis.values.size(); ++j) {
        const AxisValue& value = axis.values[j];
        const std::string field =
            absl::StrCat(places_[i][j], ": axes.", axis.name, ".", value.name);
        for (const auto* row : value.settings.given) {
          if (row->name == "negative_prompt") continue;
          const auto [other, first] = given_by.emplace(row, axis.name);
          if (!first && other->second != axis.name) {
            return FieldError(field, absl::StrCat(row->name, ", as in axis ", other->second),
                              "one axis to say it");
          }
        }
        if (!axis.same_seed || !value.settings.given.empty()) continue;
        const absl::string_view text = plan_.prompt.Has(i) ? value.text : absl::string_view();
        if (!texts.insert(text).second) {
          return FieldError(field, "the prompt and seed of another value",
                            "another text, or an axis that is not in same_seed");
        }
      }
    }
    return absl::OkStatus();
  }

  Plan plan_;
  std::vector<std::string> axis_names_;
  // Where each axis' values stand.
  std::vector<std::vector<std::string>> places_;
};

}  // namespace

absl::StatusOr<Plan> ParsePlan(absl::string_view text, const std::string& origin) {
  try {
    const YAML::Node file = YAML::Load(std::string(text));
    return PlanReader(origin).Read(PlanNode(file, origin, ""));
  } catch (const YAML::DeepRecursion& error) {
    return FieldError(absl::StrCat(origin, ":", error.mark.line + 1, ": plan"),
                      absl::StrCat("lists and maps ", error.depth(), " deep"), "a plan");
  } catch (const YAML::Exception& error) {
    const YAML::Mark& mark = error.mark;
    return absl::InvalidArgumentError(absl::StrCat(
        origin, mark.is_null() ? "" : absl::StrCat(":", mark.line + 1, ":", mark.column + 1),
        ": not YAML: ", error.msg));
  }
}

absl::StatusOr<Plan> ReadPlan(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file, kMaxPlanBytes));
  return ParsePlan(text, file.string());
}

}  // namespace imprint::sets
