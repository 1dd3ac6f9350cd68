#include "formats/embedding_files/png_text.h"

#include <cstdint>

#include "absl/strings/match.h"

#include "base/png/text_chunk.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

constexpr absl::string_view kSignature = "\x89PNG\r\n\x1a\n";

absl::string_view Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool IsPng(std::span<const std::byte> bytes) { return absl::StartsWith(Text(bytes), kSignature); }

absl::StatusOr<std::optional<std::string>> TextOfPng(std::span<const std::byte> png,
                                                     absl::string_view keyword, size_t limit) {
  constexpr size_t kHead = 8;  // length and type
  constexpr size_t kChecksum = 4;
  if (!IsPng(png)) return std::nullopt;
  for (size_t at = kSignature.size(); png.size() - at >= kHead + kChecksum;) {
    const auto* head = reinterpret_cast<const unsigned char*>(png.data() + at);
    const size_t length =
        size_t{head[0]} << 24 | size_t{head[1]} << 16 | size_t{head[2]} << 8 | size_t{head[3]};
    if (length > png.size() - at - kHead - kChecksum) return std::nullopt;
    const absl::string_view type = Text(png.subspan(at + 4, 4));
    const auto chunk = ReadTextChunk(type, Text(png.subspan(at + kHead, length)));
    at += kHead + length + kChecksum;
    if (!chunk || chunk->keyword != keyword) continue;
    ASSIGN_OR_RETURN(std::string text, TextOf(*chunk, limit));
    return text;
  }
  return std::nullopt;
}

}  // namespace imprint
