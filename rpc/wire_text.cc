#include "rpc/wire_text.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace imprint {
namespace {

constexpr absl::string_view kEllipsis = "…";

// gRPC percent-encodes a status message: "%C3" stands for one byte.
size_t WireBytesOf(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte <= 0x7e && byte != '%' ? 1 : 3;
}

bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

size_t WireBytes(absl::string_view text) {
  return std::accumulate(text.begin(), text.end(), size_t{0},
                         [](size_t sum, char c) { return sum + WireBytesOf(c); });
}

std::string CutForWire(absl::string_view text, size_t most) {
  if (WireBytes(text) <= most) return std::string(text);
  size_t left = most - std::min(most, WireBytes(kEllipsis));
  size_t end = 0;
  while (end < text.size() && WireBytesOf(text[end]) <= left) left -= WireBytesOf(text[end++]);
  // Half a character would not be UTF-8.
  while (end > 0 && ContinuesCharacter(text[end])) --end;
  return absl::StrCat(text.substr(0, end), kEllipsis);
}

}  // namespace imprint
