#include "text/clip_tokenizer.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/status_macros.h"
#include "text/unicode_text.h"

namespace imprint {
namespace {

constexpr absl::string_view kStart = "<|startoftext|>";
constexpr absl::string_view kEnd = "<|endoftext|>";

// A special token's text: either a string or {"content": string}.
std::string SpecialToken(const JsonObject& config, absl::string_view key) {
  if (auto text = config.Get<std::string>(key); text.ok()) return *text;
  if (auto object = config.Object(key); object.ok()) {
    if (auto content = object->Get<std::string>("content"); content.ok()) return *content;
  }
  return "";
}

// The end of the piece of CLIP's pattern that starts at `begin`:
//   's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
size_t EndOfPiece(absl::string_view text, size_t begin) {
  constexpr std::array<absl::string_view, 7> kContractions = {"'s", "'t",  "'re", "'ve",
                                                              "'m", "'ll", "'d"};
  for (const absl::string_view contraction : kContractions) {
    if (absl::StartsWith(text.substr(begin), contraction)) return begin + contraction.size();
  }
  const auto is_symbol = [](int32_t c) { return !IsSpace(c) && !IsLetter(c) && !IsNumber(c); };
  size_t end = begin;
  const int32_t first = NextCodePoint(text, end);
  if (IsNumber(first)) return end;
  for (size_t next = end; next < text.size(); end = next) {
    const int32_t code_point = NextCodePoint(text, next);
    if (IsLetter(first) ? !IsLetter(code_point) : !is_symbol(code_point)) break;
  }
  return end;
}

}  // namespace

// A token is an id of the vocabulary or, where row >= 0, one vector of a concept.
struct ClipTokenizer::Sequence {
  struct Token {
    int32_t id;
    int row = -1;
    // Tokens from here on that must stand in one chunk.
    int together = 1;
  };
  std::vector<Token> tokens;

  void Append(int32_t id) { tokens.push_back({.id = id}); }
  void AppendConcept(int32_t id, const ConceptVocabulary::Entry& entry) {
    for (int k = 0; k < entry.vectors; ++k) {
      tokens.push_back({id, entry.first_row + k, k == 0 ? entry.vectors : 1});
    }
  }
};

// Fills one chunk after the other.
class ClipTokenizer::ChunkWriter {
 public:
  explicit ChunkWriter(const ClipTokenizer& tokenizer) : tokenizer_(tokenizer) { Start(); }

  void Append(const Sequence::Token& token, float weight) {
    ++prompt_.tokens;
    // A concept of more vectors than a chunk has room for fills it and goes on in the next.
    const int room = tokenizer_.length_ - 2;
    if (Current().tokens > 0 && Current().tokens + std::min(token.together, room) > room) Break();
    if (full_) return;
    if (token.row >= 0) {
      Current().concept_places.push_back({static_cast<int>(Current().ids.size()), token.row});
    }
    Current().ids.push_back(token.id);
    prompt_.weights.push_back(weight);
    ++Current().tokens;
    ++prompt_.kept;
  }

  // What comes next is in a new chunk, or beyond the last.
  void Break() {
    full_ = full_ || prompt_.chunks.size() == kMaxPromptChunks;
    if (full_) return;
    End();
    Start();
  }

  ChunkedPrompt Finish() && {
    // A break at the end starts nothing.
    if (Current().tokens == 0 && prompt_.chunks.size() > 1) {
      prompt_.chunks.pop_back();
      prompt_.weights.pop_back();
    } else {
      End();
    }
    return std::move(prompt_);
  }

 private:
  TokenizedPrompt& Current() { return prompt_.chunks.back(); }

  void Start() {
    prompt_.chunks.emplace_back();
    Current().ids.reserve(static_cast<size_t>(tokenizer_.length_));
    Current().ids.push_back(tokenizer_.start_id_);
    prompt_.weights.push_back(1);
  }

  void End() {
    Current().kept = Current().tokens;
    Current().ids.push_back(tokenizer_.end_id_);
    Current().ids.resize(static_cast<size_t>(tokenizer_.length_), tokenizer_.padding_id_);
    prompt_.weights.resize(prompt_.chunks.size() * static_cast<size_t>(tokenizer_.length_), 1);
  }

  const ClipTokenizer& tokenizer_;
  ChunkedPrompt prompt_;
  // Once a token has found no place, none that follows is looked at.
  bool full_ = false;
};

absl::StatusOr<ClipTokenizer> ClipTokenizer::Load(const std::filesystem::path& folder) {
  ClipTokenizer tokenizer;
  ASSIGN_OR_RETURN(tokenizer.encoding_, BytePairEncoding::Load(folder));
  ASSIGN_OR_RETURN(tokenizer.added_, AddedTokens::Load(folder, tokenizer.encoding_));
  std::string padding;
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / name, ignored)) continue;
    ASSIGN_OR_RETURN(const JsonObject config, JsonObject::Load(folder / name));
    if (std::string token = SpecialToken(config, "pad_token"); !token.empty()) padding = token;
    ASSIGN_OR_RETURN(const int64_t length,
                     config.GetOr<int64_t>("model_max_length", tokenizer.length_));
    if (length < 3 || length > 4096) {
      return FieldError(absl::StrCat(config.origin(), ": model_max_length"), absl::StrCat(length),
                        "a length such as 77");
    }
    tokenizer.length_ = static_cast<int>(length);
  }

  if (padding.empty()) padding = std::string(kEnd);
  RETURN_IF_ERROR(tokenizer.FindSpecialTokens(padding, folder.string()));
  return tokenizer;
}

absl::StatusOr<ClipTokenizer> ClipTokenizer::Standard(absl::string_view padding) {
  ClipTokenizer tokenizer;
  ASSIGN_OR_RETURN(tokenizer.encoding_, BytePairEncoding::Clip());
  RETURN_IF_ERROR(tokenizer.FindSpecialTokens(padding, "CLIP"));
  return tokenizer;
}

absl::Status ClipTokenizer::FindSpecialTokens(absl::string_view padding, absl::string_view origin) {
  const auto find = [&](absl::string_view token, int32_t& id) -> absl::Status {
    id = encoding_.Find(token);
    if (id >= 0) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(origin, ": the vocabulary has no entry ", Quoted(token)));
  };
  RETURN_IF_ERROR(find(kStart, start_id_));
  RETURN_IF_ERROR(find(kEnd, end_id_));
  RETURN_IF_ERROR(find(padding, padding_id_));
  if (padding != kEnd) marker_ = std::string(padding);
  return absl::OkStatus();
}

TokenizedPrompt ClipTokenizer::Encode(absl::string_view prompt,
                                      const ConceptVocabulary& concepts) const {
  const Sequence sequence = Split(prompt, concepts);
  TokenizedPrompt result;
  result.tokens = static_cast<int>(sequence.tokens.size());
  result.kept = std::min(result.tokens, length_ - 2);
  result.ids.reserve(length_);
  result.ids.push_back(start_id_);
  for (int i = 0; i < result.kept; ++i) {
    const Sequence::Token& token = sequence.tokens[i];
    if (token.row >= 0) result.concept_places.push_back({i + 1, token.row});
    result.ids.push_back(token.id);
  }
  result.ids.push_back(end_id_);
  result.ids.resize(length_, padding_id_);
  return result;
}

ChunkedPrompt ClipTokenizer::EncodeChunks(std::span<const WeightedText> pieces,
                                          const ConceptVocabulary& concepts) const {
  ChunkWriter writer(*this);
  for (const WeightedText& piece : pieces) {
    if (piece.new_chunk) writer.Break();
    for (const Sequence::Token& token : Split(piece.text, concepts).tokens) {
      writer.Append(token, static_cast<float>(piece.weight));
    }
  }
  return std::move(writer).Finish();
}

std::vector<std::string> ClipTokenizer::AddedWords() const {
  std::vector<std::string> words;
  for (const AddedTokens::Token& token : added_.tokens()) words.push_back(token.content);
  return words;
}

bool ClipTokenizer::IsKnownWord(absl::string_view word) const {
  return EncodeBare(word).size() == 1;
}

std::vector<int32_t> ClipTokenizer::EncodeBare(absl::string_view text) const {
  std::vector<int32_t> ids;
  for (const Sequence::Token& token : Split(text, ConceptVocabulary()).tokens) {
    ids.push_back(token.id);
  }
  return ids;
}

// Added tokens that are not looked for in normalised text, and the end token, are in the text as it
// was given; everything else after normalisation.
ClipTokenizer::Sequence ClipTokenizer::Split(absl::string_view prompt,
                                             const ConceptVocabulary& concepts) const {
  Sequence sequence;
  const std::string spread = added_.Spread(prompt);
  for (const AddedTokens::Piece& piece : added_.Split(spread, /*normalized=*/false)) {
    if (piece.token != nullptr) {
      sequence.Append(piece.token->id);
    } else {
      AppendText(piece.text, concepts, sequence);
    }
  }
  return sequence;
}

void ClipTokenizer::AppendText(absl::string_view text, const ConceptVocabulary& concepts,
                               Sequence& sequence) const {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(kEnd, begin), text.size());
    AppendSegment(NormalizeForClip(text.substr(begin, end - begin)), concepts, sequence);
    if (end < text.size()) sequence.Append(end_id_);
    begin = end + kEnd.size();
  }
}

// Concepts, added tokens, the start token and SD 2.x's padding token cut normalised text into
// stretches of ordinary words.
void ClipTokenizer::AppendSegment(absl::string_view segment, const ConceptVocabulary& concepts,
                                  Sequence& sequence) const {
  size_t words = 0;
  for (size_t i = 0; i < segment.size();) {
    const ConceptVocabulary::Entry* const entry = concepts.Match(segment, i);
    const AddedTokens::Token* const added = added_.LongestAt(segment, i, /*normalized=*/true);
    if (added != nullptr &&
        (entry == nullptr || added->found_as.size() > entry->normalized.size())) {
      const size_t end = i + added->found_as.size();
      if (AddedTokens::StandsAsItMust(*added, segment, i)) {
        AppendWords(segment.substr(words, i - words), sequence);
        sequence.Append(added->id);
        words = end;
      }
      i = end;
    } else if (entry != nullptr) {
      AppendWords(segment.substr(words, i - words), sequence);
      sequence.AppendConcept(end_id_, *entry);
      words = i += entry->normalized.size();
    } else if (absl::StartsWith(segment.substr(i), kStart)) {
      AppendWords(segment.substr(words, i - words), sequence);
      sequence.Append(start_id_);
      words = i += kStart.size();
    } else if (!marker_.empty() && absl::StartsWith(segment.substr(i), marker_)) {
      AppendWords(segment.substr(words, i - words), sequence);
      sequence.Append(padding_id_);
      words = i += marker_.size();
    } else {
      NextCodePoint(segment, i);
    }
  }
  AppendWords(segment.substr(words), sequence);
}

void ClipTokenizer::AppendWords(absl::string_view text, Sequence& sequence) const {
  std::vector<int32_t> ids;
  for (size_t i = 0; i < text.size();) {
    size_t after = i;
    if (IsSpace(NextCodePoint(text, after))) {
      i = after;
      continue;
    }
    const size_t end = EndOfPiece(text, i);
    encoding_.EncodeWord(text.substr(i, end - i), ids);
    i = end;
  }
  for (const int32_t id : ids) sequence.Append(id);
}

}  // namespace imprint
