#include "base/png/inflate.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <zlib.h>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint {

absl::StatusOr<std::string> Inflate(std::span<const std::byte> stream, size_t limit) {
  constexpr size_t kStep = 256 << 10;
  z_stream state = {};
  if (inflateInit(&state) != Z_OK) return absl::ResourceExhaustedError("zlib: no memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&state, inflateEnd);
  // zlib does not write to what it reads.
  state.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(stream.data()));
  state.avail_in =
      static_cast<uInt>(std::min<size_t>(stream.size(), std::numeric_limits<uInt>::max()));
  std::string content;
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t held = content.size();
    // One byte more than may be, to see whether there is one.
    content.resize(std::min(held + kStep, limit + 1));
    state.next_out = reinterpret_cast<Bytef*>(content.data() + held);
    state.avail_out = static_cast<uInt>(content.size() - held);
    result = inflate(&state, Z_NO_FLUSH);
    content.resize(content.size() - state.avail_out);
    if (content.size() > limit) {
      return FieldError("deflated data", absl::StrCat("more than ", limit, " bytes"),
                        absl::StrCat("at most ", limit));
    }
    if (result == Z_OK && state.avail_in == 0 && state.avail_out > 0) break;
  }
  if (result == Z_STREAM_END) return content;
  return FieldError("deflated data", state.msg == nullptr ? "an early end" : state.msg,
                    "a whole zlib stream");
}

}  // namespace imprint
