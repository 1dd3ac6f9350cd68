#include "sets/plan_file.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "base/text_file.h"
#include "orders/field_table.h"
#include "sets/coverage.h"
#include "sets/plan_rules.h"
#include "sets/plan_settings.h"
#include "text/yaml/yaml_node.h"

namespace imprint::sets {
namespace {

absl::Status CheckName(absl::string_view name, const YamlNode& node) {
  if (IsName(name)) return absl::OkStatus();
  return node.Wrong(Quoted(name), absl::StrCat("a name of 1 to ", kMaxNameBytes,
                                               " letters without accents, digits, - and _; other "
                                               "words go into text"));
}

// Returns what tells a value's pictures from those of the others on its axis, apart from the seed:
// a value that says what the plan says of all is drawn like one that says nothing.
std::string DrawnFrom(const Plan& plan, const AxisValue& value, bool in_prompt) {
  PictureRequest request = plan.settings.values;
  const auto gives = [&](const GivenSettings& settings, const auto& row) {
    return absl::c_linear_search(settings.given, &row);
  };
  CopyFields<PictureRequest>(
      kPictureFields, value.settings.values,
      [&](const auto& row) { return gives(value.settings, row); }, request);
  request.negative_prompt = value.settings.values.negative_prompt;
  std::string drawn_from = absl::StrCat(in_prompt ? value.text : "", "\n",
                                        ToJson<PictureRequest>(kPictureFields, request).dump());
  for (const Field<PictureRequest>& row : kPictureFields) {
    // The model's own is not known here.
    const bool models_own =
        row.models_own && !gives(value.settings, row) && !gives(plan.settings, row);
    if (models_own) absl::StrAppend(&drawn_from, "\n", row.name);
  }
  return drawn_from;
}

// Reads a plan from the top; each function reads a part of it.
class PlanReader {
 public:
  explicit PlanReader(const std::string& origin) { plan_.origin = origin; }

  absl::StatusOr<Plan> Read(const YamlNode& file) {
    const auto to = [this](auto read) {
      return [this, read](const YamlNode& node) { return (this->*read)(node); };
    };
    const auto text = [](std::string& member, size_t most) {
      return [&member, most](const YamlNode& node) -> absl::Status {
        ASSIGN_OR_RETURN(member, node.Text(most));
        return absl::OkStatus();
      };
    };
    const auto whole = [](int& member, int least, int most) {
      return [&member, least, most](const YamlNode& node) -> absl::Status {
        ASSIGN_OR_RETURN(const int64_t number, node.Whole(least, most));
        member = static_cast<int>(number);
        return absl::OkStatus();
      };
    };
    RETURN_IF_ERROR(file.Read(WithSettings({{"title", text(plan_.title, kMaxSetTitleBytes)},
                                            {"base_model", to(&PlanReader::ReadBaseModel)},
                                            {"embeddings", to(&PlanReader::ReadEmbeddings)},
                                            {"seed", to(&PlanReader::ReadSeed)},
                                            {"count", whole(plan_.count, 1, kMostPicturesOfCell)},
                                            {"retries", whole(plan_.retries, 0, kMostRetries)},
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
    ASSIGN_OR_RETURN(const auto entries, file.Entries());
    for (const YamlEntry& entry : entries) {
      if (entry.name == "negative_prompt") plan_.negative_prompt_place = entry.value.place();
    }
    // Then only values keep anything out.
    if (plan_.negative_prompt_place.empty()) plan_.negative_prompt_place = plan_.axes_place;
    RETURN_IF_ERROR(CheckDifferences());
    RETURN_IF_ERROR(CheckContradictions(plan_));
    return std::move(plan_);
  }

 private:
  absl::Status ReadEmbeddings(const YamlNode& node) {
    ASSIGN_OR_RETURN(const auto elements, node.List());
    if (elements.size() > kMaxSetEmbeddings) {
      return node.Wrong(absl::StrCat(elements.size(), " embeddings"),
                        absl::StrCat("at most ", kMaxSetEmbeddings));
    }
    for (const YamlNode& element : elements) {
      ASSIGN_OR_RETURN(
          const std::string name,
          ReadResource(element, {"concepts/*", "concepts/*/embeddings/*", "concepts/*/aliases/*"}));
      if (absl::c_linear_search(plan_.embeddings, name)) {
        return element.Wrong("it twice", "it once");
      }
      plan_.embeddings.push_back(name);
    }
    return absl::OkStatus();
  }

  absl::Status ReadBaseModel(const YamlNode& node) {
    ASSIGN_OR_RETURN(plan_.base_model, ReadResource(node, {"baseModels/*"}));
    return absl::OkStatus();
  }

  // Reads a name that has one of those patterns.
  static absl::StatusOr<std::string> ReadResource(
      const YamlNode& node, std::initializer_list<absl::string_view> patterns) {
    ASSIGN_OR_RETURN(const std::string name, node.Text(kMaxSetTitleBytes));
    for (const absl::string_view pattern : patterns) {
      if (ParseResourceName(node.field(), name, pattern).ok()) return name;
    }
    return node.Wrong(
        absl::StrCat(absl::StrReplaceAll(absl::StrJoin(patterns, " or "), {{"*", "ID"}}),
                     ", each ID 1 to 63 of a-z, 0-9 and -"));
  }

  absl::Status ReadSeed(const YamlNode& node) {
    if (node.is_text() && absl::SimpleAtoi(node.yaml().Scalar(), &plan_.seed)) {
      return absl::OkStatus();
    }
    return node.Wrong(absl::StrCat("a whole number from 0 to ", UINT64_MAX));
  }

  absl::Status ReadAxes(const YamlNode& node) {
    plan_.axes_place = node.place();
    ASSIGN_OR_RETURN(const auto entries, node.Entries());
    if (entries.empty() || entries.size() > kMostAxes) {
      return node.Wrong(absl::StrCat(entries.size(), " axes"), absl::StrCat("1 to ", kMostAxes));
    }
    for (const auto& [name, key, axis] : entries) {
      RETURN_IF_ERROR(CheckName(name, key));
      plan_.axes.push_back({.name = name});
      axis_names_.push_back(name);
      places_.emplace_back();
      value_names_.clear();
      RETURN_IF_ERROR(ReadAxis(axis, plan_.axes.back()));
    }
    return absl::OkStatus();
  }

  absl::Status ReadAxis(const YamlNode& node, Axis& axis) {
    const size_t values = node.yaml().size();
    if ((node.is_map() || node.is_list()) && (values == 0 || values > kMostAxisValues)) {
      return node.Wrong(absl::StrCat(values, " values"), absl::StrCat("1 to ", kMostAxisValues));
    }
    if (node.is_map()) {
      ASSIGN_OR_RETURN(const auto entries, node.Entries());
      for (const auto& [name, key, value] : entries) {
        RETURN_IF_ERROR(AddValue(name, key, axis));
        RETURN_IF_ERROR(ReadValue(value, axis.values.back()));
      }
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const auto elements, node.List());
    for (const YamlNode& element : elements) {
      ASSIGN_OR_RETURN(const std::string name, element.Text(kMaxPromptBytes));
      RETURN_IF_ERROR(AddValue(name, element, axis));
    }
    return absl::OkStatus();
  }

  // Adds a value to the newest axis.
  absl::Status AddValue(const std::string& name, const YamlNode& node, Axis& axis) {
    RETURN_IF_ERROR(CheckName(name, node));
    if (!value_names_.insert(name).second) {
      return node.Wrong(absl::StrCat(Quoted(name), " twice"), "it once");
    }
    axis.values.push_back({.name = name, .text = name});
    places_.back().push_back(node.place());
    return absl::OkStatus();
  }

  absl::Status ReadValue(const YamlNode& node, AxisValue& value) {
    const auto read_text = [&](const YamlNode& text) -> absl::Status {
      ASSIGN_OR_RETURN(value.text, text.Text(kMaxPromptBytes, /*may_be_empty=*/true));
      return absl::OkStatus();
    };
    if (!node.is_map()) return read_text(node);
    return node.Read(
        WithSettings({{"text", read_text},
                      {"weight",
                       [&](const YamlNode& weight) -> absl::Status {
                         ASSIGN_OR_RETURN(const int64_t whole, weight.Whole(1, kMostWeight));
                         value.weight = static_cast<int>(whole);
                         return absl::OkStatus();
                       }},
                      {"alt_text",
                       [&](const YamlNode& words) -> absl::Status {
                         ASSIGN_OR_RETURN(const auto entries, ReadLanguages(words));
                         for (const auto& [language, key, text] : entries) {
                           ASSIGN_OR_RETURN(value.alt_text[language],
                                            text.Text(kMaxPromptBytes, /*may_be_empty=*/true));
                         }
                         return absl::OkStatus();
                       }}},
                     value.settings));
  }

  static absl::StatusOr<std::vector<YamlEntry>> ReadLanguages(const YamlNode& node) {
    ASSIGN_OR_RETURN(auto entries, node.Entries());
    if (entries.size() > kMostLanguages) {
      return node.Wrong(absl::StrCat(entries.size(), " languages"),
                        absl::StrCat("at most ", kMostLanguages));
    }
    for (const YamlEntry& entry : entries) RETURN_IF_ERROR(CheckName(entry.name, entry.key));
    return entries;
  }

  absl::Status ReadSameSeed(const YamlNode& node) {
    ASSIGN_OR_RETURN(const auto elements, node.List());
    for (const YamlNode& element : elements) {
      ASSIGN_OR_RETURN(const size_t axis, rules().AxisOf(element));
      plan_.axes[axis].same_seed = true;
    }
    return absl::OkStatus();
  }

  absl::Status ReadPrompt(const YamlNode& node) {
    plan_.prompt_place = node.place();
    ASSIGN_OR_RETURN(plan_.prompt, ReadTemplate(node));
    return absl::OkStatus();
  }

  absl::Status ReadAltText(const YamlNode& node) {
    ASSIGN_OR_RETURN(const auto entries, ReadLanguages(node));
    for (const auto& [language, key, words] : entries) {
      ASSIGN_OR_RETURN(const TextTemplate text, ReadTemplate(words));
      for (size_t i = 0; i < plan_.axes.size(); ++i) {
        if (text.Count(i) == 0) continue;
        for (const AxisValue& value : plan_.axes[i].values) {
          if (value.alt_text.contains(language)) continue;
          return words.Wrong(absl::StrCat("{", plan_.axes[i].name, "}"),
                             absl::StrCat("axes.", plan_.axes[i].name, ".", value.name,
                                          ".alt_text.", language, " to say what stands for it"));
        }
      }
      plan_.alt_text[language] = text;
      plan_.alt_text_places[language] = words.place();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<TextTemplate> ReadTemplate(const YamlNode& node) {
    ASSIGN_OR_RETURN(const std::string text, node.Text(kMaxPromptBytes));
    auto parsed = TextTemplate::Parse(text, axis_names_);
    if (parsed.ok()) return parsed;
    return InContext(absl::StrCat(node.place(), ": ", node.field()), parsed.status());
  }

  absl::Status ReadExclusions(const YamlNode& node) {
    plan_.exclusions_place = node.place();
    if (node.is_list() && node.yaml().size() == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(plan_.exclusions, rules().ReadSelections(node));
    return absl::OkStatus();
  }

  absl::Status ReadQuotas(const YamlNode& node) {
    ASSIGN_OR_RETURN(plan_.quotas, rules().ReadQuotas(node));
    return absl::OkStatus();
  }

  // Returns what reads rules about the axes, which are read before.
  RuleReader& rules() {
    if (!rules_) rules_.emplace(plan_.axes);
    return *rules_;
  }

  // No two values of an axis make the same pictures, no setting is given by two axes, and no words
  // are in a language that no picture has.
  absl::Status CheckDifferences() const {
    std::map<const Field<PictureRequest>*, absl::string_view> given_by;
    for (size_t i = 0; i < plan_.axes.size(); ++i) {
      const Axis& axis = plan_.axes[i];
      std::set<std::string> drawn_from;
      for (size_t j = 0; j < axis.values.size(); ++j) {
        const AxisValue& value = axis.values[j];
        const std::string field =
            absl::StrCat(places_[i][j], ": axes.", axis.name, ".", value.name);
        for (const auto& [language, words] : value.alt_text) {
          if (plan_.alt_text.contains(language)) continue;
          return FieldError(absl::StrCat(field, ".alt_text.", language),
                            "words in a language without an alternative text",
                            absl::StrCat("alt_text.", language, " in the plan"));
        }
        for (const auto* row : value.settings.given) {
          if (row->name == "negative_prompt") continue;
          const auto [other, first] = given_by.emplace(row, axis.name);
          if (!first && other->second != axis.name) {
            return FieldError(field, absl::StrCat(row->name, ", as in axis ", other->second),
                              "one axis to say it");
          }
        }
        if (!axis.same_seed) continue;
        if (!drawn_from.insert(DrawnFrom(plan_, value, plan_.prompt.Count(i) > 0)).second) {
          return FieldError(field, "the prompt, settings and seed of another value",
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
  // Of the axis that is being read.
  std::set<std::string> value_names_;
  std::optional<RuleReader> rules_;
};

}  // namespace

absl::StatusOr<Plan> ParsePlan(absl::string_view text, const std::string& origin) {
  // One at a time: a megabyte of YAML takes 200 while it is read.
  static absl::Mutex reading(absl::kConstInit);
  const absl::MutexLock lock(&reading);
  ASSIGN_OR_RETURN(const YamlNode file, YamlNode::Parse(text, origin, "plan"));
  return PlanReader(origin).Read(file);
}

absl::StatusOr<Plan> ReadPlan(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file, kMaxPlanBytes));
  return ParsePlan(text, file.string());
}

}  // namespace imprint::sets
