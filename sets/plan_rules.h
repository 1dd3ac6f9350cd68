// Exclusions and quotas, which name axes and values.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "sets/plan.h"
#include "text/yaml/yaml_node.h"

namespace imprint::sets {

// Reads what a file says of axes. Errors are those of YamlNode. Not thread-safe.
class RuleReader {
 public:
  // `axes` must outlive it.
  explicit RuleReader(const std::vector<Axis>& axes);

  // Reads the name of an axis, and returns its number.
  absl::StatusOr<size_t> AxisOf(const YamlNode& node) const;

  // Reads a map of axes and their values, or a list of such maps, of which any may hold.
  absl::StatusOr<std::vector<Selection>> ReadSelections(const YamlNode& node);

  // Reads a list of quotas; one of each value of an axis becomes as many.
  absl::StatusOr<std::vector<Quota>> ReadQuotas(const YamlNode& node);

 private:
  absl::Status ReadQuota(const YamlNode& node, std::vector<Quota>& quotas);
  absl::StatusOr<AxisChoice> ReadChoice(size_t number, const YamlNode& node) const;
  // INVALID_ARGUMENT if it is more than kMostChoices with those that were counted before.
  absl::Status CountChoices(size_t more, const YamlNode& node);
  std::optional<size_t> Find(absl::string_view name) const;
  std::string ExpectedAxis() const;
  // Returns the quota with its name.
  Quota Named(Quota quota) const;
  std::string NameOfAny(const std::vector<Selection>& selections) const;

  const std::vector<Axis>& axes_;
  // The number of each axis' values, by name.
  std::vector<std::map<std::string, size_t>> value_numbers_;
  size_t choices_ = 0;
};

}  // namespace imprint::sets
