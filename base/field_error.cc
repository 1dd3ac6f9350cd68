#include "base/field_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace imprint {
namespace {

constexpr size_t kQuotedLimit = 120;

// The largest prefix length <= `limit` that does not cut a UTF-8 sequence.
size_t CharacterBoundary(absl::string_view text, size_t limit) {
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return limit;
}

}  // namespace

absl::Status FieldError(absl::string_view field, absl::string_view given,
                        absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": got ", given, "; expected ", expected));
}

std::string Quoted(absl::string_view text) {
  if (text.size() <= kQuotedLimit) return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
  const absl::string_view head = text.substr(0, CharacterBoundary(text, kQuotedLimit));
  return absl::StrCat("\"", absl::Utf8SafeCEscape(head), "…\" (", text.size(), " bytes)");
}

absl::Status InContext(absl::string_view context, const absl::Status& status) {
  if (status.ok()) return status;
  absl::Status whole(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& value) {
    // That one names a field by itself: by another name, from now on.
    if (!absl::EndsWith(type_url, "google.rpc.BadRequest")) whole.SetPayload(type_url, value);
  });
  return whole;
}

}  // namespace imprint
