#include "sets/plan_node.h"

#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_field.h"
#include "text/unicode_text.h"

namespace imprint::sets {

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && absl::c_all_of(text, [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
}

std::string PlanNode::place() const {
  const YAML::Mark mark = node_.Mark();
  return mark.is_null() ? file_->origin
                        : absl::StrCat(file_->origin, ":", mark.line + 1, ":", mark.column + 1);
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
  RETURN_IF_ERROR(Spend(1, node_.Scalar().size()));
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
  RETURN_IF_ERROR(Spend(node_.size(), 0));
  std::vector<PlanNode> elements;
  for (const YAML::Node& element : node_) {
    elements.push_back(PlanNode(element, file_, absl::StrCat(field_, "[", elements.size(), "]")));
  }
  return elements;
}

absl::StatusOr<std::vector<PlanEntry>> PlanNode::Entries() const {
  if (!is_map()) return Wrong("a map");
  std::vector<PlanEntry> entries;
  std::set<std::string> names;
  for (const auto& entry : node_) {
    const PlanNode unnamed(entry.first, file_, field_);
    if (!unnamed.is_text()) return unnamed.Wrong("a name before the colon");
    const std::string& name = entry.first.Scalar();
    RETURN_IF_ERROR(unnamed.Spend(1, name.size() + field_.size()));
    // What is no name is shown, not obeyed.
    const std::string shown = IsName(name) ? name : Quoted(name);
    const std::string field = field_.empty() ? shown : absl::StrCat(field_, ".", shown);
    const PlanNode key(entry.first, file_, field);
    if (!names.insert(name).second) return key.Wrong("it twice", "it once");
    entries.push_back({name, key, PlanNode(entry.second, file_, field)});
  }
  return entries;
}

absl::Status PlanNode::Read(const std::vector<PlanField>& fields) const {
  ASSIGN_OR_RETURN(const auto entries, Entries());
  for (const PlanEntry& entry : entries) {
    if (absl::c_any_of(fields, [&](const PlanField& field) { return field.name == entry.name; })) {
      continue;
    }
    return entry.key.Wrong("an unknown field",
                           absl::StrJoin(fields, ", ", [](std::string* out, const auto& field) {
                             absl::StrAppend(out, field.name);
                           }));
  }
  for (const PlanField& field : fields) {
    for (const PlanEntry& entry : entries) {
      if (entry.name == field.name) RETURN_IF_ERROR(field.read(entry.value));
    }
  }
  return absl::OkStatus();
}

absl::Status PlanNode::Spend(size_t nodes, size_t bytes) const {
  file_->read += static_cast<int64_t>(64 * nodes + bytes);
  if (file_->read <= kMostPlanReading) return absl::OkStatus();
  return Wrong("too much, with what its aliases stand for",
               absl::StrCat("at most ", kMostPlanReading >> 20, " MiB in all"));
}

}  // namespace imprint::sets
