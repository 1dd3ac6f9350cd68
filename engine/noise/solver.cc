#include "engine/noise/solver.h"

#include "engine/noise/ddim.h"
#include "engine/noise/ddpm.h"
#include "engine/noise/dpmpp_2m.h"
#include "engine/noise/dpmpp_2m_sde.h"
#include "engine/noise/euler.h"
#include "engine/noise/euler_ancestral.h"
#include "engine/noise/pndm.h"
#include "engine/noise/unipc.h"

namespace imprint::engine {

std::unique_ptr<Solver> MakeSolver(const NoiseSchedule& schedule, const SolverChoice& choice,
                                   int steps, double eta) {
  switch (choice.method) {
    case SolverMethod::kDdim:
      return MakeDdim(schedule, steps, eta);
    case SolverMethod::kDdpm:
      return MakeDdpm(schedule, steps);
    case SolverMethod::kPndm:
      return MakePndm(schedule, steps);
    case SolverMethod::kEuler:
      return MakeEuler(schedule, steps, choice.karras);
    case SolverMethod::kEulerAncestral:
      return MakeEulerAncestral(schedule, steps);
    case SolverMethod::kDpmpp2m:
      return MakeDpmpp2m(schedule, steps, choice.karras);
    case SolverMethod::kDpmpp2mSde:
      return MakeDpmpp2mSde(schedule, steps, choice.karras);
    case SolverMethod::kUniPc:
      return MakeUniPc(schedule, steps, choice.karras);
  }
  return nullptr;
}

}  // namespace imprint::engine
