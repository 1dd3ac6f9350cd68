// Finds the pictures of a plan whose texts are empty or too long, without writing the texts.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "sets/plan.h"

namespace imprint::sets {

// How many bytes prompt, negative prompt and alternative texts have. A text's size is a sum over
// the axes, so that few plans need to be looked at cell by cell. Immutable and thread-safe.
class TextSizes {
 public:
  explicit TextSizes(const Plan& plan);

  // Returns INVALID_ARGUMENT naming place, field and the key of the cell's first picture if one of
  // its texts is empty or has more than kMaxPromptBytes. `key` is called for errors alone.
  absl::Status Check(const std::vector<size_t>& cell,
                     const std::function<std::string()>& key) const;

 private:
  struct Text {
    std::string place;
    std::string field;
    bool may_be_empty = false;
    // Bytes that each of the parts but one has beside its own.
    size_t separator = 0;
    size_t fixed = 0;
    // Of each value of each axis.
    std::vector<std::vector<size_t>> of_values;

    size_t Of(const std::vector<size_t>& cell) const;
    size_t Whole(size_t parts) const;
    bool Fits(size_t bytes) const;
  };

  // Keeps it if any cell's may not fit.
  void Add(Text text);

  std::vector<Text> texts_;
};

}  // namespace imprint::sets
