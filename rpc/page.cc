#include "rpc/page.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint {
namespace {

constexpr int kDefaultSize = 50;
constexpr int kMaxSize = 1000;
// Neither a list's name nor a key has it.
constexpr char kSeparator = '\n';

}  // namespace

absl::StatusOr<Page> ParsePage(int32_t page_size, absl::string_view page_token,
                               absl::string_view list) {
  if (page_size < 0 || page_size > kMaxSize) {
    return FieldError("page_size", absl::StrCat(page_size),
                      absl::StrCat("0 (", kDefaultSize, ") to ", kMaxSize));
  }
  Page page{.size = page_size == 0 ? kDefaultSize : page_size};
  if (page_token.empty()) return page;
  std::string decoded;
  const std::string prefix = absl::StrCat(list, std::string(1, kSeparator));
  if (!absl::WebSafeBase64Unescape(page_token, &decoded) || !absl::StartsWith(decoded, prefix)) {
    return FieldError("page_token", Quoted(page_token),
                      "next_page_token of a response to the same list and filter");
  }
  page.after = decoded.substr(prefix.size());
  return page;
}

absl::StatusOr<int64_t> NumberAfter(const Page& page, int64_t beginning) {
  int64_t number = beginning;
  if (page.after.empty() || absl::SimpleAtoi(page.after, &number)) return number;
  return FieldError("page_token", "one of another list", "next_page_token of this list");
}

bool PageRoom::Take(size_t bytes) {
  // The first resource goes on the page however large it is, or the list would never get past it.
  if (left_ == 0 || (bytes_ > 0 && bytes_ + bytes > kMaxBytes)) return false;
  --left_;
  bytes_ += bytes;
  return true;
}

std::string MakePageToken(absl::string_view list, absl::string_view last_key) {
  return absl::WebSafeBase64Escape(absl::StrCat(list, std::string(1, kSeparator), last_key));
}

}  // namespace imprint
