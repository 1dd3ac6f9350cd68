#include "text/byte_pair_encoding.h"

#include <algorithm>
#include <array>
#include <memory>
#include <queue>
#include <span>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

constexpr absl::string_view kEndOfWord = "</w>";
constexpr size_t kMaxVocabularyBytes = 64 << 20;

void AppendUtf8(int code_point, std::string& text) {  // below U+0800
  if (code_point < 0x80) {
    text.push_back(static_cast<char>(code_point));
  } else {
    text.push_back(static_cast<char>(0xC0 | (code_point >> 6)));
    text.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  }
}

// GPT-2's way to write any byte as a printable character: printable Latin-1 stands for itself, the
// others become U+0100, U+0101, ... in order.
std::array<std::string, 256> ByteAlphabet() {
  std::array<std::string, 256> alphabet;
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    AppendUtf8(printable ? byte : next++, alphabet[byte]);
  }
  return alphabet;
}

// A symbol of the word that is being encoded, in a list by position.
struct Symbol {
  int32_t id;
  int previous;
  int next;
};

// A possible merge of the symbol at `position` with the one after it.
struct Candidate {
  int32_t rank;
  int position;
  int32_t merged;
  // What stood there when it was found: it is stale if something else does now.
  int32_t left;
  int32_t right;

  // The queue's top is the lowest rank, then the leftmost.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return std::tie(a.rank, a.position) > std::tie(b.rank, b.position);
  }
};

}  // namespace

absl::StatusOr<BytePairEncoding> BytePairEncoding::Load(
    const std::filesystem::path& vocabulary_path, const std::filesystem::path& merges_path) {
  BytePairEncoding encoding;
  ASSIGN_OR_RETURN(const JsonObject vocabulary,
                   JsonObject::Load(vocabulary_path, kMaxVocabularyBytes));
  encoding.ids_.reserve(vocabulary.json().size());
  for (const auto& [entry, id] : vocabulary.json().items()) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= 1 << 24) {
      return FieldError(absl::StrCat(vocabulary_path.string(), ": ", Quoted(entry)), id.dump(),
                        "a token's number");
    }
    encoding.ids_[entry] = id.get<int32_t>();
    encoding.size_ = std::max(encoding.size_, id.get<int32_t>() + 1);
  }

  const std::array<std::string, 256> alphabet = ByteAlphabet();
  for (int byte = 0; byte < 256; ++byte) {
    for (const auto& [entry, ids] :
         {std::pair(alphabet[byte], encoding.byte_ids_),
          {absl::StrCat(alphabet[byte], kEndOfWord), encoding.last_byte_ids_}}) {
      ids[byte] = encoding.Find(entry);
      if (ids[byte] < 0) {
        return absl::InvalidArgumentError(
            absl::StrCat(vocabulary_path.string(), ": no entry for byte ", byte, ", ",
                         Quoted(entry), "; expected a byte-level vocabulary such as CLIP's"));
      }
    }
  }

  ASSIGN_OR_RETURN(const auto merges_file, MappedFile::Open(merges_path));
  const auto bytes = merges_file->bytes();
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  int line_number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    const absl::string_view stripped = absl::StripTrailingAsciiWhitespace(line);
    if (stripped.empty() || (line_number == 1 && absl::StartsWith(stripped, "#version"))) continue;
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(stripped, ' ');
    const int32_t left = encoding.Find(pair.first);
    const int32_t right = encoding.Find(pair.second);
    const int32_t merged = encoding.Find(absl::StrCat(pair.first, pair.second));
    if (left < 0 || right < 0 || merged < 0) {
      return FieldError(absl::StrCat(merges_path.string(), ": line ", line_number),
                        Quoted(stripped), "two vocabulary entries whose join is one too");
    }
    // The first of equal pairs has the better rank.
    encoding.merges_.try_emplace({left, right},
                                 Merge{static_cast<int32_t>(encoding.merges_.size()), merged});
  }
  return encoding;
}

void BytePairEncoding::EncodeWord(absl::string_view word, std::vector<int32_t>& ids) const {
  const int size = static_cast<int>(word.size());
  if (size == 0) return;
  std::vector<Symbol> symbols(word.size());
  for (int i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    symbols[i] = {i + 1 < size ? byte_ids_[byte] : last_byte_ids_[byte], i - 1,
                  i + 1 < size ? i + 1 : -1};
  }

  std::priority_queue<Candidate> queue;
  const auto consider = [&](int position) {
    if (position < 0 || symbols[position].next < 0) return;
    const int32_t left = symbols[position].id;
    const int32_t right = symbols[symbols[position].next].id;
    const auto merge = merges_.find({left, right});
    if (merge != merges_.end()) {
      queue.push({merge->second.rank, position, merge->second.merged, left, right});
    }
  };
  for (int i = 0; i < size; ++i) consider(i);

  constexpr int32_t kMergedAway = -1;
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& symbol = symbols[best.position];
    if (symbol.id != best.left || symbol.next < 0 || symbols[symbol.next].id != best.right)
      continue;
    symbol.id = best.merged;
    symbols[symbol.next].id = kMergedAway;
    symbol.next = symbols[symbol.next].next;
    if (symbol.next >= 0) symbols[symbol.next].previous = best.position;
    consider(symbol.previous);
    consider(best.position);
  }
  for (int i = 0; i >= 0; i = symbols[i].next) ids.push_back(symbols[i].id);
}

int32_t BytePairEncoding::Find(absl::string_view entry) const {
  const auto found = ids_.find(entry);
  return found == ids_.end() ? -1 : found->second;
}

}  // namespace imprint
