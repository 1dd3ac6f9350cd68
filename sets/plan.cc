#include "sets/plan.h"

#include <algorithm>

namespace imprint::sets {

bool IsIn(const std::vector<Selection>& selections, const std::vector<size_t>& cell) {
  return std::any_of(selections.begin(), selections.end(), [&](const Selection& selection) {
    return std::all_of(selection.begin(), selection.end(),
                       [&](const AxisChoice& choice) { return choice.values[cell[choice.axis]]; });
  });
}

}  // namespace imprint::sets
