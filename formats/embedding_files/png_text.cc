#include "formats/embedding_files/png_text.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/embedding_files/inflate.h"

namespace imprint {
namespace {

constexpr absl::string_view kSignature = "\x89PNG\r\n\x1a\n";

absl::string_view Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The bytes before the next 0, which go, and it with them; nothing if there is none.
std::optional<absl::string_view> TakeTerminated(absl::string_view& text) {
  const size_t end = text.find('\0');
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::string_view taken = text.substr(0, end);
  text.remove_prefix(end + 1);
  return taken;
}

struct StoredText {
  bool deflated;
  absl::string_view bytes;
};

// What a text chunk holds after its keyword; nothing if it is cut short.
std::optional<StoredText> Stored(absl::string_view type, absl::string_view rest) {
  if (type == "tEXt") return StoredText{false, rest};
  if (type == "zTXt") {  // a method, which is always 0
    if (rest.empty()) return std::nullopt;
    return StoredText{true, rest.substr(1)};
  }
  // iTXt: whether it is deflated, the method, the language, the keyword in it.
  if (rest.size() < 2) return std::nullopt;
  const bool deflated = rest[0] != 0;
  rest.remove_prefix(2);
  if (!TakeTerminated(rest) || !TakeTerminated(rest)) return std::nullopt;
  return StoredText{deflated, rest};
}

absl::StatusOr<std::string> Read(const StoredText& stored, size_t limit) {
  if (stored.deflated) {
    return Inflate(std::as_bytes(std::span(stored.bytes.data(), stored.bytes.size())), limit);
  }
  if (stored.bytes.size() > limit) {
    return FieldError("text", absl::StrCat(stored.bytes.size(), " bytes"),
                      absl::StrCat("at most ", limit));
  }
  return std::string(stored.bytes);
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
    absl::string_view content = Text(png.subspan(at + kHead, length));
    at += kHead + length + kChecksum;
    if (type != "tEXt" && type != "zTXt" && type != "iTXt") continue;
    if (TakeTerminated(content) != keyword) continue;
    const std::optional<StoredText> stored = Stored(type, content);
    if (!stored)
      return FieldError(absl::StrCat("text ", Quoted(keyword)), "an early end", "a text");
    absl::StatusOr<std::string> text = Read(*stored, limit);
    if (!text.ok()) return InContext(absl::StrCat("text ", Quoted(keyword)), text.status());
    return *std::move(text);
  }
  return std::nullopt;
}

}  // namespace imprint
