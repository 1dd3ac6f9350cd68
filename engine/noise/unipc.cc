#include "engine/noise/unipc.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "engine/noise/multistep.h"

namespace imprint::engine {
namespace {

class UniPc final : public MultistepSolver {
 public:
  UniPc(const NoiseSchedule& schedule, int steps, bool karras)
      : MultistepSolver(schedule, MultistepLadder(schedule, steps, karras)),
        uncorrected_(schedule.details().uncorrected_steps) {}

  at::Tensor Step(int index, const at::Tensor& output, const at::Tensor& latent,
                  NoiseSource&) override {
    const at::Tensor clean = Clean(index, output, latent);
    const at::Tensor corrected =
        clean_.defined() && IsCorrected(index - 1) ? Correct(index, clean) : latent;
    clean_before_ = std::exchange(clean_, clean);
    second_order_ = clean_before_.defined() && !IsLast(index);
    latent_ = corrected;
    return EndsClean(index) ? clean : Predict(index);
  }

 private:
  // The step from `from` to the rung after it: its length in lambda, and what both halves have.
  struct Stride {
    double h;
    double decay;   // of the latent
    double growth;  // of the clean latent, -alpha (e^-h - 1)
  };

  Stride StrideFrom(int from) const {
    const double h = Lambda(from + 1) - Lambda(from);
    const NoiseLevel next = Level(from + 1);
    return {h, next.deviation / Level(from).deviation, -next.signal * std::expm1(-h)};
  }

  // Where the rung before `from` lies, in strides from it: a negative number.
  double RungBefore(int from, const Stride& stride) const {
    return (Lambda(from - 1) - Lambda(from)) / stride.h;
  }

  bool IsCorrected(int step) const {
    return std::find(uncorrected_.begin(), uncorrected_.end(), step) == uncorrected_.end();
  }

  // UniP: the next rung's latent, by a line through the last two clean latents where there are two.
  at::Tensor Predict(int index) const {
    const Stride stride = StrideFrom(index);
    at::Tensor clean = clean_;
    if (second_order_) {
      clean = clean_ + (clean_before_ - clean_) / (2 * RungBefore(index, stride));
    }
    return stride.decay * latent_ + stride.growth * clean;
  }

  // UniC: the last step again, now that the clean latent at its end is known.
  at::Tensor Correct(int index, const at::Tensor& clean_at_end) const {
    const int from = index - 1;
    const Stride stride = StrideFrom(from);
    at::Tensor clean;
    if (second_order_) {
      // The weights solve [1 1; r 1] w = b, with b of equation 11 for B2.
      const double r = RungBefore(from, stride);
      const double phi1 = std::expm1(-stride.h);
      const double phi2 = phi1 / -stride.h - 1;
      const double b1 = phi2 / phi1;
      const double b2 = 2 * (phi2 / -stride.h - 0.5) / phi1;
      const double before = (b1 - b2) / (1 - r);
      clean =
          clean_ + before / r * (clean_before_ - clean_) + (b1 - before) * (clean_at_end - clean_);
    } else {
      clean = (clean_ + clean_at_end) / 2;
    }
    return stride.decay * latent_ + stride.growth * clean;
  }

  std::vector<int64_t> uncorrected_;
  at::Tensor latent_;        // that the last step left from
  at::Tensor clean_;         // predicted there
  at::Tensor clean_before_;  // predicted one step earlier
  bool second_order_ = false;
};

}  // namespace

std::unique_ptr<Solver> MakeUniPc(const NoiseSchedule& schedule, int steps, bool karras) {
  return std::make_unique<UniPc>(schedule, steps, karras);
}

}  // namespace imprint::engine
