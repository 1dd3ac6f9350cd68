// Finds concepts' tokens in prompts that have not been parsed yet.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace imprint {

// Not thread-safe while Add runs; afterwards immutable.
class WrittenTokens {
 public:
  // A token found in a prompt, and how many of the prompt's bytes it covers.
  struct Match {
    const std::string* token = nullptr;
    size_t size = 0;

    explicit operator bool() const { return token != nullptr; }
  };

  WrittenTokens() = default;
  explicit WrittenTokens(const std::vector<std::string>& tokens);

  void Add(std::string token);

  // Returns the longest token that stands apart at `position` of a prompt as it was given; an empty
  // Match if none does. Case does not matter, nor does whether letters are composed: "é" is "e"
  // with an accent. `prompt` is well-formed UTF-8. The token is valid until the next Add.
  Match LongestAt(absl::string_view prompt, size_t position) const;

 private:
  struct Entry {
    std::string normalized;
    std::string token;
  };
  // Sorted by the form in which they are compared.
  std::vector<Entry> entries_;
};

}  // namespace imprint
