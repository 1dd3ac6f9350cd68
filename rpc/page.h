// Pages of lists (https://google.aip.dev/158): a token holds the key after which the next page
// begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace imprint {

struct Page {
  int size = 50;
  // The last key of the page before; empty at the beginning.
  std::string after;

  // Rows to ask a database for: one more than fit, to learn whether another page follows.
  int rows() const { return size + 1; }
};

// Parses a page request. INVALID_ARGUMENT naming page_size (0 to 1000; 0 means 50) or page_token.
// `list` says which list and filter the token belongs to: another list's token is refused.
absl::StatusOr<Page> ParsePage(int32_t page_size, absl::string_view page_token,
                               absl::string_view list);

// Returns page.after of a list whose keys are numbers, or `beginning` for its first page.
// INVALID_ARGUMENT naming page_token if it is no number.
absl::StatusOr<int64_t> NumberAfter(const Page& page, int64_t beginning);

// Decides when a page is full: of resources, or of bytes, so that it fits into what callers' gRPC
// accepts by default, 4 MiB. A page takes at least one resource in any case.
class PageRoom {
 public:
  explicit PageRoom(const Page& page) : left_(page.size) {}

  // Returns whether a resource of `bytes` bytes still fits; if so, adds it.
  bool Take(size_t bytes);

 private:
  static constexpr size_t kMaxBytes = 3 << 20;

  int left_;
  size_t bytes_ = 0;
};

// Makes a token, opaque to callers, that holds `list` and `last_key`.
std::string MakePageToken(absl::string_view list, absl::string_view last_key);

}  // namespace imprint
