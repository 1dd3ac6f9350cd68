#include "engine/noise/timestep_spacing.h"

#include <algorithm>
#include <cmath>

namespace imprint::engine {
namespace {

// Stable Diffusion's steps_offset, which Diffusers' pipeline sets whatever a configuration says.
constexpr int64_t kStepsOffset = 1;

// numpy.linspace(0, total - 1, count), the other way round.
std::vector<double> Linspace(int64_t total, int count) {
  std::vector<double> points(static_cast<size_t>(count), 0.0);
  if (count == 1) return points;
  const auto last = static_cast<double>(total - 1);
  const double stride = last / (count - 1);
  for (int i = 0; i < count; ++i) points[static_cast<size_t>(count - 1 - i)] = i * stride;
  // numpy sets the end to the number itself, whatever the multiples come to.
  points.front() = last;
  return points;
}

std::vector<double> Rounded(std::vector<double> points) {
  for (double& point : points) point = std::nearbyint(point);
  return points;
}

// `count` multiples of total / count, rounded down, from the highest.
std::vector<double> Leading(int64_t total, int count) {
  std::vector<double> points;
  for (int64_t i = count - 1; i >= 0; --i) {
    // With as many steps as there are timesteps, the offset would lead beyond the last.
    points.push_back(static_cast<double>(std::min(i * (total / count) + kStepsOffset, total - 1)));
  }
  return points;
}

// numpy.arange(total, 0, -total / count), rounded, less one.
std::vector<double> Trailing(int64_t total, int count) {
  const auto first = static_cast<double>(total);
  const double stride = (first - first / count) - first;
  std::vector<double> points;
  for (int i = 0; i < count; ++i) points.push_back(std::nearbyint(first + i * stride) - 1);
  return points;
}

}  // namespace

std::vector<double> SpacedTimesteps(int64_t total, TimestepSpacing spacing, int steps) {
  if (spacing == TimestepSpacing::kLeading) return Leading(total, steps);
  if (spacing == TimestepSpacing::kTrailing) return Trailing(total, steps);
  return Rounded(Linspace(total, steps));
}

std::vector<double> FractionalTimesteps(int64_t total, TimestepSpacing spacing, int steps) {
  if (spacing != TimestepSpacing::kLinspace) return SpacedTimesteps(total, spacing, steps);
  std::vector<double> points = Linspace(total, steps);
  for (double& point : points) point = static_cast<float>(point);
  return points;
}

std::vector<double> MultistepTimesteps(int64_t total, TimestepSpacing spacing, int steps) {
  if (spacing == TimestepSpacing::kTrailing) return Trailing(total, steps);
  // Diffusers takes one point more and leaves out the lowest.
  std::vector<double> points = SpacedTimesteps(total, spacing, steps + 1);
  points.pop_back();
  return points;
}

}  // namespace imprint::engine
