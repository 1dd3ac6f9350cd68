#include "sets/wire/plan_check_wire.h"

#include <cstddef>

#include "sets/wire/planned_items.h"

namespace imprint::sets {

void FillCheck(const v1::ImageSetSpec& spec, const Expansion& expansion, const Coverage& coverage,
               v1::CheckPlanResponse& check) {
  const Plan& plan = expansion.plan();
  check.set_pictures(coverage.pictures);
  check.set_cells(coverage.cells);
  check.set_excluded_cells(coverage.excluded_cells);
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    const Axis& axis = plan.axes[i];
    auto& to = *check.add_axes();
    to.set_name(axis.name);
    to.set_same_seed(axis.same_seed);
    for (size_t j = 0; j < axis.values.size(); ++j) {
      auto& value = *to.add_values();
      value.set_name(axis.values[j].name);
      value.set_weight(axis.values[j].weight);
      value.set_pictures(coverage.of_values[i][j]);
    }
  }
  for (size_t i = 0; i < plan.quotas.size(); ++i) {
    const Quota& quota = plan.quotas[i];
    auto& to = *check.add_quotas();
    to.set_name(quota.name);
    to.set_at_least(quota.at_least);
    to.set_at_most(quota.at_most);
    to.set_pictures(coverage.quotas[i].of);
    to.set_out_of(coverage.quotas[i].where);
    to.set_met(IsMet(quota, coverage.quotas[i]));
  }
  *check.add_examples() = ItemOf(spec, &expansion, 0);
  if (expansion.size() > 1) *check.add_examples() = ItemOf(spec, &expansion, expansion.size() - 1);
}

}  // namespace imprint::sets
