#include "text/added_tokens.h"

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "base/field_error.h"
#include "base/json_object.h"
#include "base/status_macros.h"
#include "text/unicode_text.h"

namespace imprint {
namespace {

// A tokenizer.json holds the vocabulary as well.
constexpr size_t kMaxTokenizerBytes = 64 << 20;
constexpr size_t kMaxTokens = 10'000;
// Of a prompt with all vectors named; far more than is read of one. Tokens that stand in each
// other's followers could make it grow without end.
constexpr size_t kMaxSpreadBytes = 1 << 20;

// What the tokenizer has by itself, and looks for in its own way.
constexpr absl::string_view kOwnTokens[] = {"<|startoftext|>", "<|endoftext|>"};

// Tokens by the ids that a file gives them.
using ByWrittenId = std::map<int64_t, AddedTokens::Token>;

bool Exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// {"content": "<rex>", "normalized": true, ...}; what is missing is as in tokenizers' AddedToken.
absl::StatusOr<AddedTokens::Token> ParseToken(const JsonObject& json) {
  AddedTokens::Token token;
  ASSIGN_OR_RETURN(token.content, json.Get<std::string>("content"));
  ASSIGN_OR_RETURN(const bool special, json.GetOr<bool>("special", false));
  ASSIGN_OR_RETURN(token.normalized, json.GetOr<bool>("normalized", !special));
  ASSIGN_OR_RETURN(token.single_word, json.GetOr<bool>("single_word", false));
  ASSIGN_OR_RETURN(token.takes_left_space, json.GetOr<bool>("lstrip", false));
  ASSIGN_OR_RETURN(token.takes_right_space, json.GetOr<bool>("rstrip", false));
  return token;
}

AddedTokens::Token PlainToken(const std::string& content, bool normalized) {
  return {.content = content,
          .id = 0,
          .normalized = normalized,
          .single_word = false,
          .takes_left_space = false,
          .takes_right_space = false,
          .found_as = ""};
}

// {"49408": {"content": ...}, ...}.
absl::StatusOr<ByWrittenId> FromDecoder(const JsonObject& decoder) {
  ByWrittenId tokens;
  for (const auto& [key, value] : decoder.json().items()) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(key, &id)) {
      return FieldError(absl::StrCat(decoder.origin(), ": ", Quoted(key)), "a name",
                        "a token's number");
    }
    ASSIGN_OR_RETURN(const JsonObject entry, decoder.Object(key));
    ASSIGN_OR_RETURN(tokens[id], ParseToken(entry));
  }
  return tokens;
}

// {"<rex>": 49408, ...}.
absl::Status AddFromMap(const JsonObject& map, ByWrittenId& tokens) {
  for (const auto& [content, value] : map.json().items()) {
    ASSIGN_OR_RETURN(const int64_t id, map.Get<int64_t>(content));
    tokens.insert_or_assign(id, PlainToken(content, /*normalized=*/true));
  }
  return absl::OkStatus();
}

// [{"id": 49408, "content": "<rex>", ...}, ...].
absl::Status AddFromTokenizerJson(const JsonObject& tokenizer, ByWrittenId& tokens) {
  constexpr const char* kKey = "added_tokens";
  if (!tokenizer.Has(kKey)) return absl::OkStatus();
  const nlohmann::json& list = tokenizer.json()[kKey];
  const std::string origin = absl::StrCat(tokenizer.origin(), ": ", kKey);
  if (!list.is_array()) return FieldError(origin, list.type_name(), "a list");
  for (const nlohmann::json& element : list) {
    ASSIGN_OR_RETURN(const JsonObject entry, JsonObject::Parse(element.dump(), origin));
    ASSIGN_OR_RETURN(const int64_t id, entry.Get<int64_t>("id"));
    ASSIGN_OR_RETURN(tokens[id], ParseToken(entry));
  }
  return absl::OkStatus();
}

// With what may stand in a word by Unicode's rules for \w, as far as prompts care.
bool IsWordCharacter(int32_t code_point) {
  return IsLetter(code_point) || IsNumber(code_point) || code_point == '_';
}

bool TouchesAWord(absl::string_view text, size_t begin, size_t end) {
  size_t before = begin;
  while (before > 0) {
    --before;
    if ((static_cast<unsigned char>(text[before]) & 0xC0) != 0x80) break;
  }
  if (begin > 0 && IsWordCharacter(NextCodePoint(text, before))) return true;
  size_t after = end;
  return end < text.size() && IsWordCharacter(NextCodePoint(text, after));
}

size_t WithoutSpaceBefore(absl::string_view text, size_t begin, size_t from) {
  size_t first = begin;
  for (size_t i = from; i < begin;) {
    const size_t here = i;
    if (!IsSpace(NextCodePoint(text, i))) {
      first = begin;
    } else if (first == begin) {
      first = here;
    }
  }
  return first;
}

size_t WithSpaceAfter(absl::string_view text, size_t end) {
  for (size_t next = end; next < text.size(); end = next) {
    if (!IsSpace(NextCodePoint(text, next))) break;
  }
  return end;
}

}  // namespace

absl::StatusOr<AddedTokens> AddedTokens::Load(const std::filesystem::path& folder,
                                              const BytePairEncoding& vocabulary) {
  constexpr const char* kDecoder = "added_tokens_decoder";
  ByWrittenId written;
  std::vector<std::string> special;
  bool has_decoder = false;
  std::string origin = folder.string();
  if (const auto path = folder / "tokenizer_config.json"; Exists(path)) {
    ASSIGN_OR_RETURN(const JsonObject config, JsonObject::Load(path, kMaxTokenizerBytes));
    has_decoder = config.json().contains(kDecoder);
    if (config.Has(kDecoder)) {
      ASSIGN_OR_RETURN(const JsonObject decoder, config.Object(kDecoder));
      ASSIGN_OR_RETURN(written, FromDecoder(decoder));
      origin = decoder.origin();
    }
    // Tools disagree about what else may stand there; only names are tokens.
    special = config.Get<std::vector<std::string>>("extra_special_tokens").value_or(special);
  }
  if (!has_decoder) {
    if (const auto path = folder / "added_tokens.json"; Exists(path)) {
      ASSIGN_OR_RETURN(const JsonObject map, JsonObject::Load(path, kMaxTokenizerBytes));
      RETURN_IF_ERROR(AddFromMap(map, written));
    }
    if (const auto path = folder / "tokenizer.json"; Exists(path)) {
      ASSIGN_OR_RETURN(const JsonObject tokenizer, JsonObject::Load(path, kMaxTokenizerBytes));
      RETURN_IF_ERROR(AddFromTokenizerJson(tokenizer, written));
    }
  }
  if (const size_t all = written.size() + special.size(); all > kMaxTokens) {
    return FieldError(absl::StrCat(origin, ": added tokens"), absl::StrCat(all),
                      absl::StrCat("at most ", kMaxTokens));
  }
  AddedTokens added;
  for (auto& [id, token] : written) {
    RETURN_IF_ERROR(added.Add(origin, std::move(token), vocabulary));
  }
  for (const std::string& content : special) {
    if (added.Has(content)) continue;
    RETURN_IF_ERROR(added.Add(origin, PlainToken(content, /*normalized=*/false), vocabulary));
  }
  added.MakeIndex();
  return added;
}

absl::Status AddedTokens::Add(const std::string& origin, Token token,
                              const BytePairEncoding& vocabulary) {
  const auto is_it = [&](absl::string_view own) { return own == token.content; };
  if (std::any_of(std::begin(kOwnTokens), std::end(kOwnTokens), is_it) || Has(token.content)) {
    return absl::OkStatus();
  }
  if (token.content.empty() || !IsUtf8(token.content)) {
    return FieldError(absl::StrCat(origin, ": an added token's content"), Quoted(token.content),
                      "text in UTF-8");
  }
  token.id = vocabulary.Find(token.content);
  if (token.id < 0) token.id = std::max(vocabulary.size(), end_id_);
  end_id_ = std::max(end_id_, token.id + 1);
  token.found_as = token.normalized ? NormalizeForClip(token.content) : token.content;
  contents_.insert(token.content);
  tokens_.push_back(std::move(token));
  return absl::OkStatus();
}

void AddedTokens::MakeIndex() {
  end_id_ = 0;
  contents_.clear();
  in_order_ = {};
  for (size_t i = 0; i < tokens_.size(); ++i) {
    end_id_ = std::max(end_id_, tokens_[i].id + 1);
    contents_.insert(tokens_[i].content);
    in_order_[tokens_[i].normalized ? 1 : 0].push_back(i);
  }
  for (std::vector<size_t>& order : in_order_) {
    // Of those found as the same, the first counts.
    std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
      return tokens_[a].found_as < tokens_[b].found_as;
    });
  }
}

std::vector<std::string> AddedTokens::Limit(int32_t rows) {
  std::vector<std::string> taken;
  for (const Token& token : tokens_) {
    if (token.id >= rows) taken.push_back(token.content);
  }
  std::erase_if(tokens_, [&](const Token& token) { return token.id >= rows; });
  MakeIndex();
  return taken;
}

const AddedTokens::Token* AddedTokens::LongestAt(absl::string_view text, size_t position,
                                                 bool normalized) const {
  const Token* longest = nullptr;
  // The tokens that begin like the text, fewer with each byte.
  auto begin = in_order_[normalized ? 1 : 0].begin();
  auto end = in_order_[normalized ? 1 : 0].end();
  for (size_t size = 1; position + size <= text.size() && begin != end; ++size) {
    const auto last = static_cast<unsigned char>(text[position + size - 1]);
    const auto byte_of = [&](size_t index) {
      return static_cast<unsigned char>(tokens_[index].found_as[size - 1]);
    };
    begin = std::partition_point(begin, end, [&](size_t index) {
      return tokens_[index].found_as.size() < size || byte_of(index) < last;
    });
    end = std::partition_point(begin, end, [&](size_t index) { return byte_of(index) == last; });
    if (begin != end && tokens_[*begin].found_as.size() == size) longest = &tokens_[*begin];
  }
  return longest;
}

bool AddedTokens::StandsAsItMust(const Token& token, absl::string_view text, size_t position) {
  return !token.single_word || !TouchesAWord(text, position, position + token.found_as.size());
}

std::vector<AddedTokens::Match> AddedTokens::Find(absl::string_view text, bool normalized) const {
  std::vector<Match> matches;
  if (tokens_.empty()) return matches;
  size_t from = 0;  // the end of the match before
  for (size_t i = 0; i < text.size();) {
    const Token* const longest = LongestAt(text, i, normalized);
    if (longest == nullptr) {
      NextCodePoint(text, i);
      continue;
    }
    const size_t end = i + longest->found_as.size();
    if (!StandsAsItMust(*longest, text, i)) {
      i = end;
      continue;
    }
    Match match{longest, i, end};
    if (longest->takes_left_space) match.begin = WithoutSpaceBefore(text, i, from);
    if (longest->takes_right_space) match.end = WithSpaceAfter(text, end);
    matches.push_back(match);
    i = from = match.end;
  }
  return matches;
}

std::vector<AddedTokens::Piece> AddedTokens::Split(absl::string_view text, bool normalized) const {
  std::vector<Piece> pieces;
  size_t from = 0;
  const auto add_text = [&](size_t to) {
    if (to > from) pieces.push_back({text.substr(from, to - from)});
  };
  for (const Match& match : Find(text, normalized)) {
    add_text(match.begin);
    pieces.push_back({text.substr(match.begin, match.end - match.begin), match.token});
    from = match.end;
  }
  add_text(text.size());
  return pieces;
}

std::string AddedTokens::Spread(absl::string_view prompt) const {
  std::string spread(prompt);
  if (tokens_.empty()) return spread;
  // As they were found, which in normalised text is normalised.
  std::set<std::string> found;
  for (const Piece& given : Split(prompt, /*normalized=*/false)) {
    if (given.token != nullptr) {
      found.emplace(given.text);
      continue;
    }
    const std::string text = NormalizeForClip(given.text);
    for (const Piece& piece : Split(text, /*normalized=*/true)) {
      if (piece.token != nullptr) found.emplace(piece.text);
    }
  }
  for (const std::string& token : found) {
    if (!Has(token)) continue;
    std::string followed = token;
    for (int i = 1; Has(absl::StrCat(token, "_", i)); ++i) {
      absl::StrAppend(&followed, " ", token, "_", i);
    }
    const size_t most = spread.size() / token.size() * followed.size();
    if (followed == token || most > kMaxSpreadBytes) continue;
    spread = absl::StrReplaceAll(spread, {{token, followed}});
  }
  return spread;
}

}  // namespace imprint
