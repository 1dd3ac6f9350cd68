#include "formats/embedding_layout.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "formats/learned_embedding.h"
#include "text/unicode_text.h"

namespace imprint {
namespace {

constexpr std::array kLayouts = {EmbeddingLayout::kDiffusers, EmbeddingLayout::kKohya,
                                 EmbeddingLayout::kInvokeAi};

// What InvokeAI 6.14.2 looks for between < and > (app/util/ti_utils.py).
bool IsInInvokeAiWords(char c) { return absl::ascii_isalnum(c) || absl::StrContains("., _-", c); }

bool CanBeAFileName(absl::string_view stem) {
  return !stem.empty() && stem != "." && stem != ".." && !absl::StrContains(stem, '/') &&
         !absl::StrContains(stem, '\0');
}

}  // namespace

absl::string_view Name(EmbeddingLayout layout) {
  switch (layout) {
    case EmbeddingLayout::kDiffusers:
      return "diffusers";
    case EmbeddingLayout::kKohya:
      return "kohya";
    case EmbeddingLayout::kInvokeAi:
      return "invokeai";
  }
  return "";
}

std::vector<std::string> EmbeddingLayoutNames() {
  std::vector<std::string> names;
  names.reserve(std::size(kLayouts));
  for (const EmbeddingLayout layout : kLayouts) names.emplace_back(Name(layout));
  return names;
}

absl::StatusOr<EmbeddingLayout> ParseEmbeddingLayout(absl::string_view field,
                                                     absl::string_view name) {
  const auto* const found =
      std::find_if(kLayouts.begin(), kLayouts.end(),
                   [&](EmbeddingLayout layout) { return Name(layout) == name; });
  if (found != kLayouts.end()) return *found;
  return FieldError(field, Quoted(name), absl::StrJoin(EmbeddingLayoutNames(), ", "));
}

std::string EmbeddingKey(absl::string_view token) { return NormalizeForClip(token); }

std::string EmbeddingFileStem(absl::string_view token) {
  const std::string key = EmbeddingKey(token);
  const bool bracketed = key.size() > 2 && key.front() == '<' && key.back() == '>';
  return bracketed ? key.substr(1, key.size() - 2) : key;
}

absl::StatusOr<std::string> EmbeddingFileName(EmbeddingLayout layout, absl::string_view token) {
  if (layout == EmbeddingLayout::kDiffusers) return std::string(kLearnedEmbeddingFileName);
  const std::string stem = EmbeddingFileStem(token);
  if (!CanBeAFileName(stem)) {
    return FieldError(
        "token", Quoted(token),
        absl::StrCat("with the layout ", Name(layout), " a word that a file can be called by"));
  }
  RETURN_IF_ERROR(CheckEmbeddingFileStem(layout, "token", stem));
  return absl::StrCat(stem, ".safetensors");
}

absl::Status CheckEmbeddingFileStem(EmbeddingLayout layout, absl::string_view field,
                                    absl::string_view stem) {
  if (layout != EmbeddingLayout::kInvokeAi ||
      std::all_of(stem.begin(), stem.end(), IsInInvokeAiWords)) {
    return absl::OkStatus();
  }
  return FieldError(
      field, Quoted(stem),
      "for InvokeAI a name of letters a to z, digits, spaces, \".\", \",\", \"_\" and "
      "\"-\": its prompts find no other between < and >");
}

}  // namespace imprint
