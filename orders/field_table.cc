#include "orders/field_table.h"

#include <algorithm>

#include "absl/strings/str_join.h"

namespace imprint {

std::string ExpectedNumber(const FieldRange& range, bool whole) {
  // 1000000, where StrCat would write 1e+06.
  const auto text = [whole](double value) {
    return whole ? absl::StrCat(static_cast<int64_t>(value)) : absl::StrCat(value);
  };
  const std::string kind =
      absl::StrCat(range.or_zero ? "0, or " : "", whole ? "a whole number " : "a number ");
  if (!range.above_least && !range.below_most) {
    return absl::StrCat(kind, "from ", text(range.least), " to ", text(range.most));
  }
  return absl::StrCat(kind, range.above_least ? "above " : "from ", text(range.least),
                      range.below_most ? ", below " : ", at most ", text(range.most));
}

std::string ExpectedName(absl::Span<const absl::string_view> names) {
  if (names.size() < 2) return absl::StrJoin(names, "");
  return absl::StrCat(absl::StrJoin(names.first(names.size() - 1), ", "), " or ", names.back());
}

namespace field_table_internal {

int PlaceOf(absl::string_view name, absl::Span<const absl::string_view> names) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

absl::StatusOr<int> ReadInt(const JsonObject& json, absl::string_view key,
                            absl::string_view expected) {
  ASSIGN_OR_RETURN(const auto value, json.Get<int64_t>(key));
  if (value < INT32_MIN || value > INT32_MAX) {
    return FieldError(absl::StrCat(json.origin(), ": ", key), absl::StrCat(value), expected);
  }
  return static_cast<int>(value);
}

}  // namespace field_table_internal
}  // namespace imprint
