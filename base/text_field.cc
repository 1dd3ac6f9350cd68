#include "base/text_field.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint {
namespace {

// Among them NUL, at which PostgreSQL cuts a text off without a word.
bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

}  // namespace

absl::Status CheckText(absl::string_view field, absl::string_view text, size_t max_bytes,
                       bool may_be_empty) {
  if (text.size() > max_bytes) {
    return FieldError(field, absl::StrCat(text.size(), " bytes"),
                      absl::StrCat("at most ", max_bytes));
  }
  if (text.empty() && !may_be_empty) {
    return FieldError(field, "none", absl::StrCat("text of at most ", max_bytes, " bytes"));
  }
  if (std::any_of(text.begin(), text.end(), IsControl)) {
    return FieldError(field, Quoted(text), "text without control characters");
  }
  return absl::OkStatus();
}

}  // namespace imprint
