// A place in a YAML file, read with errors that name file, line, column and field.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <yaml-cpp/yaml.h>

namespace imprint::sets {

class PlanNode;

// A field of a map, and what reads it.
struct PlanField {
  absl::string_view name;
  std::function<absl::Status(const PlanNode& value)> read;
};

// A node of a file, and its field's name from the top: "axes.level.simple". Copies are cheap and
// share the file's nodes. Its functions may throw nothing: each looks at the node's kind first.
class PlanNode {
 public:
  PlanNode(YAML::Node node, std::string origin, std::string field)
      : node_(std::move(node)), origin_(std::move(origin)), field_(std::move(field)) {}

  const YAML::Node& yaml() const { return node_; }
  const std::string& field() const { return field_; }
  bool is_text() const { return node_.IsScalar(); }
  bool is_map() const { return node_.IsMap(); }
  bool is_list() const { return node_.IsSequence(); }

  // Returns "plan.yaml:12:5".
  std::string place() const;

  // Returns INVALID_ARGUMENT for this field; the first describes the node itself.
  absl::Status Wrong(absl::string_view expected) const;
  absl::Status Wrong(absl::string_view given, absl::string_view expected) const;

  // Return the value; `most` is in bytes, and a text is valid UTF-8 without control characters.
  absl::StatusOr<std::string> Text(size_t most, bool may_be_empty = false) const;
  absl::StatusOr<int64_t> Whole(int64_t least, int64_t most) const;

  // Returns the elements of a list. A single text is read as a list of one.
  absl::StatusOr<std::vector<PlanNode>> List() const;

  // Returns the entries of a map in the file's order. No two have the same name.
  absl::StatusOr<std::vector<std::pair<std::string, PlanNode>>> Entries() const;

  // Reads a map's entries with those of `fields`, in the order of `fields`. An entry that none of
  // them is for is an error.
  absl::Status Read(const std::vector<PlanField>& fields) const;

 private:
  YAML::Node node_;
  std::string origin_;
  std::string field_;
};

}  // namespace imprint::sets
