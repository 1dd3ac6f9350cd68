#include "text/yaml/yaml_node.h"

#include <set>
#include <sstream>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_field.h"
#include "text/unicode_text.h"

namespace imprint {

namespace {

// Counts what a document is made of, before any of it is kept.
class NodeCounter : public YAML::EventHandler {
 public:
  bool is_too_many() const { return nodes_ > kMostYamlNodes; }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override { Count(); }
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override { Count(); }
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {
    Count();
  }
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/,
                       YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {
    Count();
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    Count();
  }
  void OnMapEnd() override {}

 private:
  void Count() { ++nodes_; }

  int64_t nodes_ = 0;
};

absl::Status CheckNodes(absl::string_view text, const std::string& origin,
                        const std::string& what) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  NodeCounter counter;
  while (parser.HandleNextDocument(counter) && !counter.is_too_many()) {
  }
  if (!counter.is_too_many()) return absl::OkStatus();
  return FieldError(absl::StrCat(origin, ": ", what),
                    absl::StrCat("more than ", kMostYamlNodes, " names, values and lists"),
                    "at most that");
}

}  // namespace

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes && absl::c_all_of(text, [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
}

absl::StatusOr<YamlNode> YamlNode::Parse(absl::string_view text, const std::string& origin,
                                         const std::string& what) {
  const auto file = std::make_shared<File>(File{.origin = origin, .what = what});
  try {
    RETURN_IF_ERROR(CheckNodes(text, origin, what));
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) {
      return YamlNode(documents[1], file, "")
          .Wrong(absl::StrCat("text after the end of the ", what), absl::StrCat("one ", what));
    }
    return YamlNode(documents.empty() ? YAML::Node() : documents[0], file, "");
  } catch (const YAML::DeepRecursion& error) {
    return FieldError(absl::StrCat(origin, ":", error.mark.line + 1, ": ", what),
                      absl::StrCat("lists and maps ", error.depth(), " deep"),
                      absl::StrCat("a ", what));
  } catch (const YAML::Exception& error) {
    const YAML::Mark& mark = error.mark;
    return absl::InvalidArgumentError(absl::StrCat(
        origin, mark.is_null() ? "" : absl::StrCat(":", mark.line + 1, ":", mark.column + 1),
        ": not YAML: ", error.msg));
  }
}

std::string YamlNode::place() const {
  const YAML::Mark mark = node_.Mark();
  return mark.is_null() ? file_->origin
                        : absl::StrCat(file_->origin, ":", mark.line + 1, ":", mark.column + 1);
}

absl::Status YamlNode::Wrong(absl::string_view expected) const {
  if (is_map()) return Wrong("a map", expected);
  if (is_list()) return Wrong("a list", expected);
  return Wrong(is_text() ? Quoted(node_.Scalar()) : "nothing", expected);
}

absl::Status YamlNode::Wrong(absl::string_view given, absl::string_view expected) const {
  return FieldError(absl::StrCat(place(), ": ", field_.empty() ? file_->what : field_), given,
                    expected);
}

absl::StatusOr<std::string> YamlNode::Text(size_t most, bool may_be_empty) const {
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

absl::StatusOr<int64_t> YamlNode::Whole(int64_t least, int64_t most) const {
  int64_t value = 0;
  if (!is_text() || !absl::SimpleAtoi(node_.Scalar(), &value) || value < least || value > most) {
    return Wrong(absl::StrCat("a whole number from ", least, " to ", most));
  }
  return value;
}

absl::StatusOr<std::vector<YamlNode>> YamlNode::List() const {
  if (is_text()) return std::vector<YamlNode>{*this};
  if (!is_list()) return Wrong("a list");
  RETURN_IF_ERROR(Spend(node_.size(), 0));
  std::vector<YamlNode> elements;
  for (const YAML::Node& element : node_) {
    elements.push_back(YamlNode(element, file_, absl::StrCat(field_, "[", elements.size(), "]")));
  }
  return elements;
}

absl::StatusOr<std::vector<YamlEntry>> YamlNode::Entries() const {
  if (!is_map()) return Wrong("a map");
  std::vector<YamlEntry> entries;
  std::set<std::string> names;
  for (const auto& entry : node_) {
    const YamlNode unnamed(entry.first, file_, field_);
    if (!unnamed.is_text()) return unnamed.Wrong("a name before the colon");
    const std::string& name = entry.first.Scalar();
    RETURN_IF_ERROR(unnamed.Spend(1, name.size() + field_.size()));
    // What is no name is shown, not obeyed.
    const std::string shown = IsName(name) ? name : Quoted(name);
    const std::string field = field_.empty() ? shown : absl::StrCat(field_, ".", shown);
    const YamlNode key(entry.first, file_, field);
    if (!names.insert(name).second) return key.Wrong("it twice", "it once");
    entries.push_back({name, key, YamlNode(entry.second, file_, field)});
  }
  return entries;
}

absl::Status YamlNode::Read(const std::vector<YamlField>& fields) const {
  ASSIGN_OR_RETURN(const auto entries, Entries());
  for (const YamlEntry& entry : entries) {
    if (absl::c_any_of(fields, [&](const YamlField& field) { return field.name == entry.name; })) {
      continue;
    }
    return entry.key.Wrong("an unknown field",
                           absl::StrJoin(fields, ", ", [](std::string* out, const auto& field) {
                             absl::StrAppend(out, field.name);
                           }));
  }
  for (const YamlField& field : fields) {
    for (const YamlEntry& entry : entries) {
      if (entry.name == field.name) RETURN_IF_ERROR(field.read(entry.value));
    }
  }
  return absl::OkStatus();
}

absl::Status YamlNode::Spend(size_t nodes, size_t bytes) const {
  file_->read += static_cast<int64_t>(64 * nodes + bytes);
  if (file_->read <= kMostYamlReading) return absl::OkStatus();
  return Wrong("too much, with what its aliases stand for",
               absl::StrCat("at most ", kMostYamlReading >> 20, " MiB in all"));
}

}  // namespace imprint
