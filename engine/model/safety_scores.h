// What the safety checker says of one picture. Needs no LibTorch.
#pragma once

#include <algorithm>
#include <vector>

namespace imprint {

// Scores rounded to three digits as in Diffusers; above 0 means found.
struct SafetyScores {
  std::vector<double> special_care;
  std::vector<double> concepts;

  // A found concept blocks the picture, and so does a score that is no number. Special care alone
  // only makes the check stricter.
  bool Blocked() const {
    return !std::all_of(concepts.begin(), concepts.end(), [](double score) { return score <= 0; });
  }
};

}  // namespace imprint
