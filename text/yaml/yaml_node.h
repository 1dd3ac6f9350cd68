// A place in a YAML file, read with errors that name file, line, column and field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include <yaml-cpp/yaml.h>

namespace imprint {

inline constexpr size_t kMaxNameBytes = 64;

// Returns whether a text is letters without accents, digits, "-" and "_", and not too long: what
// may become a part of keys, files and addresses.
bool IsName(absl::string_view text);

// The most names, values, lists and maps of a file: yaml-cpp keeps some 700 bytes of each.
inline constexpr int64_t kMostYamlNodes = 250'000;

class YamlNode;

// A field of a map, and what reads it.
struct YamlField {
  absl::string_view name;
  std::function<absl::Status(const YamlNode& value)> read;
};

// The most that may be read of one file, in bytes of text and 64 for each node. Aliases count each
// time that they are used: a few lines of them can stand for more than memory holds.
inline constexpr int64_t kMostYamlReading = 32 << 20;

struct YamlEntry;

// A node of a file, and its field's name from the top: "axes.level.simple". Copies are cheap and
// share the file's nodes, and what may still be read of it. Not thread-safe.
class YamlNode {
 public:
  // Reads a text as the one document of a file that errors call `origin`, and its top `what`.
  // INVALID_ARGUMENT naming the place if it is not YAML, or has more than one document.
  static absl::StatusOr<YamlNode> Parse(absl::string_view text, const std::string& origin,
                                        const std::string& what);

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
  absl::StatusOr<std::vector<YamlNode>> List() const;

  // Returns the entries of a map in the file's order. No two have the same name.
  absl::StatusOr<std::vector<YamlEntry>> Entries() const;

  // Reads a map's entries with those of `fields`, in the order of `fields`. An entry that none of
  // them is for is an error.
  absl::Status Read(const std::vector<YamlField>& fields) const;

 private:
  struct File {
    std::string origin;
    // What the top is called.
    std::string what;
    int64_t read = 0;
  };

  YamlNode(const YAML::Node& node, std::shared_ptr<File> file, std::string field)
      : node_(node), file_(std::move(file)), field_(std::move(field)) {}

  // Returns INVALID_ARGUMENT if more has been read than may be.
  absl::Status Spend(size_t nodes, size_t bytes) const;

  YAML::Node node_;
  std::shared_ptr<File> file_;
  std::string field_;
};

// A name of a map and what stands behind its colon. `key` is the name itself: errors about it point
// there, those about the value at the value, which is at its anchor if it is an alias.
struct YamlEntry {
  std::string name;
  YamlNode key;
  YamlNode value;
};

}  // namespace imprint
