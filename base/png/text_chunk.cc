#include "base/png/text_chunk.h"

#include <span>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/png/inflate.h"

namespace imprint {
namespace {

// The bytes before the next 0, which go, and it with them; nothing if there is none.
std::optional<absl::string_view> TakeTerminated(absl::string_view& text) {
  const size_t end = text.find('\0');
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::string_view taken = text.substr(0, end);
  text.remove_prefix(end + 1);
  return taken;
}

struct StoredText {
  bool deflated = false;
  char method = 0;
  absl::string_view bytes;
};

// Nothing if it is cut short.
std::optional<StoredText> Stored(const TextChunk& chunk) {
  absl::string_view rest = chunk.rest;
  if (chunk.type == "tEXt") return StoredText{.bytes = rest};
  if (chunk.type == "zTXt") {
    if (rest.empty()) return std::nullopt;
    return StoredText{.deflated = true, .method = rest[0], .bytes = rest.substr(1)};
  }
  // iTXt: whether it is deflated, the method, the language, the keyword in it.
  if (rest.size() < 2) return std::nullopt;
  StoredText stored = {.deflated = rest[0] != 0, .method = rest[1]};
  rest.remove_prefix(2);
  if (!TakeTerminated(rest) || !TakeTerminated(rest)) return std::nullopt;
  stored.bytes = rest;
  return stored;
}

}  // namespace

std::optional<TextChunk> ReadTextChunk(absl::string_view type, absl::string_view body) {
  if (type != "tEXt" && type != "zTXt" && type != "iTXt") return std::nullopt;
  const auto keyword = TakeTerminated(body);
  if (!keyword) return std::nullopt;
  return TextChunk{.type = type, .keyword = *keyword, .rest = body};
}

absl::StatusOr<std::string> TextOf(const TextChunk& chunk, size_t limit) {
  const std::optional<StoredText> stored = Stored(chunk);
  if (!stored) {
    return FieldError(absl::StrCat("text ", Quoted(chunk.keyword)), "an early end", "a text");
  }
  if (stored->deflated) {
    if (stored->method != 0) {
      return FieldError(absl::StrCat("text ", Quoted(chunk.keyword), ": method"),
                        absl::StrCat(static_cast<int>(stored->method)), "0, deflate");
    }
    auto text = Inflate(std::as_bytes(std::span(stored->bytes)), limit);
    if (!text.ok()) return InContext(absl::StrCat("text ", Quoted(chunk.keyword)), text.status());
    return text;
  }
  if (stored->bytes.size() > limit) {
    return FieldError(absl::StrCat("text ", Quoted(chunk.keyword)),
                      absl::StrCat(stored->bytes.size(), " bytes"),
                      absl::StrCat("at most ", limit));
  }
  return std::string(stored->bytes);
}

}  // namespace imprint
