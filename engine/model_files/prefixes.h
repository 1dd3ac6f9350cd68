// Renames tensors by their prefixes.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace imprint::engine {

struct PrefixChange {
  absl::string_view from;
  absl::string_view to;
};

// Returns `name` with the first of the prefixes that it has replaced; nothing if it has none of
// them.
inline std::optional<std::string> WithPrefixChanged(std::span<const PrefixChange> changes,
                                                    absl::string_view name) {
  for (const PrefixChange& change : changes) {
    absl::string_view rest = name;
    if (absl::ConsumePrefix(&rest, change.from)) return absl::StrCat(change.to, rest);
  }
  return std::nullopt;
}

}  // namespace imprint::engine
