// The words of a text in a form in which disguises of letters are gone.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace imprint {

struct FoldedWord {
  // Without case, compatibility forms and ignorable characters (Unicode's NFKC_Casefold). If it
  // has anything but the letters a to z, also without confusable characters (the skeleton of UTS
  // 39): "sw0rd", and "sword" with a Cyrillic o, are "sword".
  std::string text;
  // Whether it has other characters than a to z: only then was its skeleton taken, because that
  // also makes "m" of "rn".
  bool is_disguised = false;
  // Where it stands in the text, in bytes.
  size_t begin = 0;
  size_t end = 0;
};

// Returns the runs of letters, marks and numbers of a well-formed UTF-8 text.
std::vector<FoldedWord> FoldedWords(absl::string_view text);

// Returns the skeleton of a word, as that of a disguised one.
std::string SkeletonOf(absl::string_view word);

}  // namespace imprint
