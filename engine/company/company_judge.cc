#include "engine/company/company_judge.h"

namespace imprint::engine {
namespace {

constexpr double kCompany = 0.25;
constexpr double kQuiet = 0.1;
constexpr int kLoudMeasures = 2;
constexpr int kQuietMeasures = 5;

}  // namespace

bool CompanyJudge::Judge(double contention) {
  loud_ = contention > kCompany ? loud_ + 1 : 0;
  quiet_ = contention < kQuiet ? quiet_ + 1 : 0;
  if (loud_ >= kLoudMeasures) company_ = true;
  if (quiet_ >= kQuietMeasures) company_ = false;
  return company_;
}

}  // namespace imprint::engine
