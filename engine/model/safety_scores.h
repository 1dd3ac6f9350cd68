// The safety checker's verdict on one picture. Needs no LibTorch.
#pragma once

#include <algorithm>
#include <vector>

namespace imprint::engine {

// Scores, rounded to three digits as in Diffusers; above 0 means that the concept was found.
struct SafetyScores {
  std::vector<double> special_care;
  std::vector<double> concepts;

  // Returns whether the picture is blocked: by a concept that was found, or by a score that is not
  // a number. Special care alone only makes the check stricter.
  bool Blocked() const {
    return !std::all_of(concepts.begin(), concepts.end(), [](double score) { return score <= 0; });
  }
};

}  // namespace imprint::engine
