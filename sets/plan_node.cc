#include "sets/plan_node.h"

#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_field.h"
#include "text/unicode_text.h"

namespace imprint::sets {

std::string PlanNode::place() const {
  const YAML::Mark mark = node_.Mark();
  return mark.is_null() ? origin_ : absl::StrCat(origin_, ":", mark.line + 1, ":", mark.column + 1);
}

absl::Status PlanNode::Wrong(absl::string_view expected) const {
  if (is_map()) return Wrong("a map", expected);
  if (is_list()) return Wrong("a list", expected);
  return Wrong(is_text() ? Quoted(node_.Scalar()) : "nothing", expected);
}

absl::Status PlanNode::Wrong(absl::string_view given, absl::string_view expected) const {
  return FieldError(absl::StrCat(place(), ": ", field_.empty() ? "plan" : field_), given, expected);
}

absl::StatusOr<std::string> PlanNode::Text(size_t most, bool may_be_empty) const {
  const std::string expected = absl::StrCat("a text of at most ", most, " bytes");
  if (!is_text()) return Wrong(expected);
  if (node_.Scalar().size() > most) {
    return Wrong(absl::StrCat(node_.Scalar().size(), " bytes"), expected);
  }
  if (!IsUtf8(node_.Scalar())) return Wrong("bytes that are not UTF-8", expected);
  RETURN_IF_ERROR(
      CheckText(absl::StrCat(place(), ": ", field_), node_.Scalar(), most, may_be_empty));
  return node_.Scalar();
}

absl::StatusOr<int64_t> PlanNode::Whole(int64_t least, int64_t most) const {
  int64_t value = 0;
  if (!is_text() || !absl::SimpleAtoi(node_.Scalar(), &value) || value < least || value > most) {
    return Wrong(absl::StrCat("a whole number from ", least, " to ", most));
  }
  return value;
}

absl::StatusOr<std::vector<PlanNode>> PlanNode::List() const {
  if (is_text()) return std::vector<PlanNode>{*this};
  if (!is_list()) return Wrong("a list");
  std::vector<PlanNode> elements;
  for (const YAML::Node& element : node_) {
    elements.emplace_back(element, origin_, absl::StrCat(field_, "[", elements.size(), "]"));
  }
  return elements;
}

absl::StatusOr<std::vector<std::pair<std::string, PlanNode>>> PlanNode::Entries() const {
  if (!is_map()) return Wrong("a map");
  std::vector<std::pair<std::string, PlanNode>> entries;
  std::set<std::string> names;
  for (const auto& entry : node_) {
    const PlanNode key(entry.first, origin_, field_);
    if (!key.is_text()) return key.Wrong("names before the colons");
    const std::string& name = entry.first.Scalar();
    const std::string field = field_.empty() ? name : absl::StrCat(field_, ".", name);
    if (!names.insert(name).second) {
      return PlanNode(entry.first, origin_, field_).Wrong(Quoted(name) + " twice", "it once");
    }
    entries.emplace_back(name, PlanNode(entry.second, origin_, field));
  }
  return entries;
}

absl::Status PlanNode::Read(const std::vector<PlanField>& fields) const {
  ASSIGN_OR_RETURN(const auto entries, Entries());
  for (const auto& [name, value] : entries) {
    if (std::any_of(fields.begin(), fields.end(),
                    [&](const PlanField& field) { return field.name == name; })) {
      continue;
    }
    return value.Wrong("a field that there is not",
                       absl::StrJoin(fields, ", ", [](std::string* out, const PlanField& field) {
                         absl::StrAppend(out, field.name);
                       }));
  }
  for (const PlanField& field : fields) {
    for (const auto& [name, value] : entries) {
      if (name == field.name) RETURN_IF_ERROR(field.read(value));
    }
  }
  return absl::OkStatus();
}

}  // namespace imprint::sets
