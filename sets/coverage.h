// What the pictures of a plan come to, counted from the plan alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "sets/expansion.h"
#include "sets/plan.h"

namespace imprint::sets {

// How many pictures a quota counts, of how many.
struct QuotaCount {
  int64_t of = 0;
  int64_t where = 0;

  // Returns their share; 0 if there are none.
  double share() const;
};

// A share as a plan has it and one that was counted may differ in their last bits.
inline constexpr double kShareRounding = 1e-9;

struct Coverage {
  int64_t cells = 0;
  int64_t excluded_cells = 0;
  int64_t pictures = 0;
  // Pictures of each value of each axis.
  std::vector<std::vector<int64_t>> of_values;
  // In the plan's order.
  std::vector<QuotaCount> quotas;
};

// Counts each cell once: time grows with the cells, memory does not.
Coverage CoverageOf(const Expansion& expansion);

// Returns a share for people: "14.29 %".
std::string Percent(double share);

// Returns what a quota wants for people: "at least 20 %", "40 % to 60 %".
std::string WantedShare(const Quota& quota);

// Returns whether the pictures are as many as the quota wants. One that is about no picture at all
// is not met.
bool IsMet(const Quota& quota, const QuotaCount& count);

// Returns INVALID_ARGUMENT naming the first two quotas that no set can meet at once: they want more
// than all of the same pictures, or more of some than of those that these are among. Does not find
// what only three of them say together, or two whose `where` differ.
absl::Status CheckContradictions(const Plan& plan);

// Returns INVALID_ARGUMENT naming each quota that is not met, and how far it is from that.
absl::Status CheckQuotas(const Plan& plan, const Coverage& coverage);

}  // namespace imprint::sets
