#include "text/byte_pair_encoding.h"

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <queue>
#include <span>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "base/text_file.h"

// clip_merges.S
extern "C" {
extern const char imprint_clip_merges[];
extern const char imprint_clip_merges_end[];
}

namespace imprint {
namespace {

constexpr const char* kClipOrigin = "CLIP's vocabulary";
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

// Printable Latin-1.
bool StandsForItself(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

// GPT-2's way to write any byte as a printable character: printable Latin-1 stands for itself, the
// others become U+0100, U+0101, ... in order.
std::array<std::string, 256> ByteAlphabet() {
  std::array<std::string, 256> alphabet;
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    AppendUtf8(StandsForItself(byte) ? byte : next++, alphabet[byte]);
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

// Calls add(left, right, line number) for each line of a merges.txt that has a merge.
template <typename Add>
absl::Status ForEachMerge(absl::string_view text, Add&& add) {
  int line_number = 0;
  for (const absl::string_view line : SplitLines(WithoutByteOrderMark(text))) {
    ++line_number;
    const absl::string_view stripped = absl::StripTrailingAsciiWhitespace(line);
    if (stripped.empty() || (line_number == 1 && absl::StartsWith(stripped, "#version"))) continue;
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(stripped, ' ');
    RETURN_IF_ERROR(add(pair.first, pair.second, line_number));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BytePairEncoding> BytePairEncoding::Load(const std::filesystem::path& folder) {
  BytePairEncoding encoding;
  std::error_code ignored;
  const std::filesystem::path vocabulary = folder / "vocab.json";
  const std::filesystem::path both = folder / "tokenizer.json";
  if (std::filesystem::exists(vocabulary, ignored)) {
    ASSIGN_OR_RETURN(const JsonObject json, JsonObject::Load(vocabulary, kMaxVocabularyBytes));
    RETURN_IF_ERROR(encoding.ReadVocabulary(json.json(), vocabulary.string()));
    RETURN_IF_ERROR(encoding.ReadMergesFile(folder / "merges.txt"));
  } else if (std::filesystem::exists(both, ignored)) {
    RETURN_IF_ERROR(encoding.ReadTokenizerJson(both));
  } else {
    return absl::NotFoundError(absl::StrCat(folder.string(),
                                            ": no vocabulary; expected vocab.json and merges.txt, "
                                            "or tokenizer.json"));
  }
  return encoding;
}

absl::StatusOr<BytePairEncoding> BytePairEncoding::Clip() {
  BytePairEncoding encoding;
  // The bytes that stand for themselves come first.
  const std::array<std::string, 256> alphabet = ByteAlphabet();
  std::vector<int> bytes(alphabet.size());
  std::iota(bytes.begin(), bytes.end(), 0);
  std::stable_partition(bytes.begin(), bytes.end(), StandsForItself);
  for (const absl::string_view ending : {absl::string_view(), kEndOfWord}) {
    for (const int byte : bytes) encoding.AddEntry(absl::StrCat(alphabet[byte], ending));
  }
  RETURN_IF_ERROR(encoding.FindByteEntries(kClipOrigin));
  const absl::string_view merges(
      imprint_clip_merges, static_cast<size_t>(imprint_clip_merges_end - imprint_clip_merges));
  RETURN_IF_ERROR(ForEachMerge(merges, [&](absl::string_view left, absl::string_view right, int) {
    encoding.AddEntry(absl::StrCat(left, right));
    return encoding.AddMerge(left, right, kClipOrigin);
  }));
  encoding.AddEntry("<|startoftext|>");
  encoding.AddEntry("<|endoftext|>");
  return encoding;
}

absl::Status BytePairEncoding::ReadVocabulary(const nlohmann::json& vocabulary,
                                              const std::string& origin) {
  ids_.reserve(vocabulary.size());
  for (const auto& [entry, id] : vocabulary.items()) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= 1 << 24) {
      return FieldError(absl::StrCat(origin, ": ", Quoted(entry)), id.dump(), "a token's number");
    }
    ids_[entry] = id.get<int32_t>();
    size_ = std::max(size_, id.get<int32_t>() + 1);
  }
  return FindByteEntries(origin);
}

void BytePairEncoding::AddEntry(std::string entry) {
  if (ids_.try_emplace(std::move(entry), size_).second) ++size_;
}

absl::Status BytePairEncoding::FindByteEntries(const std::string& origin) {
  const std::array<std::string, 256> alphabet = ByteAlphabet();
  for (int byte = 0; byte < 256; ++byte) {
    for (const auto& [entry, ids] : {std::pair(alphabet[byte], byte_ids_),
                                     {absl::StrCat(alphabet[byte], kEndOfWord), last_byte_ids_}}) {
      ids[byte] = Find(entry);
      if (ids[byte] < 0) {
        return absl::InvalidArgumentError(
            absl::StrCat(origin, ": no entry for byte ", byte, ", ", Quoted(entry),
                         "; expected a byte-level vocabulary such as CLIP's"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status BytePairEncoding::AddMerge(absl::string_view left, absl::string_view right,
                                        const std::string& origin) {
  const int32_t left_id = Find(left);
  const int32_t right_id = Find(right);
  const int32_t merged = Find(absl::StrCat(left, right));
  if (left_id < 0 || right_id < 0 || merged < 0) {
    return FieldError(origin, Quoted(absl::StrCat(left, " ", right)),
                      "two vocabulary entries whose join is one too");
  }
  // The first of equal pairs has the better rank.
  merges_.try_emplace({left_id, right_id}, Merge{static_cast<int32_t>(merges_.size()), merged});
  return absl::OkStatus();
}

absl::Status BytePairEncoding::ReadMergesFile(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return ForEachMerge(text, [&](absl::string_view left, absl::string_view right, int line) {
    return AddMerge(left, right, absl::StrCat(path.string(), ": line ", line));
  });
}

absl::Status BytePairEncoding::ReadTokenizerJson(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const JsonObject tokenizer, JsonObject::Load(path, kMaxVocabularyBytes));
  ASSIGN_OR_RETURN(const JsonObject model, tokenizer.Object("model"));
  ASSIGN_OR_RETURN(const JsonObject vocabulary, model.Object("vocab"));
  RETURN_IF_ERROR(ReadVocabulary(vocabulary.json(), vocabulary.origin()));
  const std::string origin = absl::StrCat(model.origin(), ": merges");
  if (!model.Has("merges") || !model.json()["merges"].is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(origin, ": missing; expected an array"));
  }
  for (const nlohmann::json& merge : model.json()["merges"]) {
    // ["left", "right"], and "left right" in older files.
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      RETURN_IF_ERROR(AddMerge(merge[0].get<std::string>(), merge[1].get<std::string>(), origin));
    } else if (merge.is_string()) {
      const std::pair<std::string, std::string> pair =
          absl::StrSplit(merge.get<std::string>(), absl::MaxSplits(' ', 1));
      RETURN_IF_ERROR(AddMerge(pair.first, pair.second, origin));
    } else {
      return FieldError(origin, merge.dump(), "pairs of strings");
    }
  }
  return absl::OkStatus();
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
