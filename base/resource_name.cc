#include "base/resource_name.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

constexpr size_t kMaxIdLength = 63;

}  // namespace

absl::Status CheckResourceId(absl::string_view field, absl::string_view id) {
  const bool good = !id.empty() && id.size() <= kMaxIdLength && id.front() != '-' &&
                    std::all_of(id.begin(), id.end(), [](char c) {
                      return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
                    });
  if (good) return absl::OkStatus();
  return FieldError(field, Quoted(id), "1 to 63 of a-z, 0-9 and -, not beginning with -");
}

absl::StatusOr<std::vector<std::string>> ParseResourceName(absl::string_view field,
                                                           absl::string_view name,
                                                           absl::string_view pattern) {
  const std::vector<absl::string_view> expected = absl::StrSplit(pattern, '/');
  const std::vector<absl::string_view> given = absl::StrSplit(name, '/');
  std::vector<std::string> ids;
  bool fits = given.size() == expected.size();
  for (size_t i = 0; fits && i < given.size(); ++i) {
    if (expected[i] != "*") {
      fits = given[i] == expected[i];
    } else {
      fits = CheckResourceId(field, given[i]).ok();
      ids.emplace_back(given[i]);
    }
  }
  if (fits) return ids;
  return FieldError(field, Quoted(name),
                    absl::StrCat(absl::StrReplaceAll(pattern, {{"*", "ID"}}),
                                 ", each ID 1 to 63 of a-z, 0-9 and -"));
}

absl::StatusOr<std::string> ParseResourceId(absl::string_view field, absl::string_view name,
                                            absl::string_view collection) {
  ASSIGN_OR_RETURN(auto ids, ParseResourceName(field, name, absl::StrCat(collection, "/*")));
  return std::move(ids.front());
}

std::string NewResourceId() {
  std::random_device random;
  const uint64_t bits = (uint64_t{random()} << 32) | random();
  // Hundredths of a second since 1970 in ten digits: they sort as text until the year 2318.
  return absl::StrFormat("%010x-%016x", absl::ToUnixMillis(absl::Now()) / 10, bits);
}

}  // namespace imprint
