// Whether this process shares its processors.
#pragma once

namespace imprint {

// Decides by measures of ContentionMeter, taken every 200 ms. Measured with two threads on two
// processors: a training or a drawing alone stays below 0.1, whichever way its threads wait, and
// beside another program it never falls below 0.4. Not thread-safe.
class CompanyJudge {
 public:
  // Whether there is company, as of this measure. One is enough to find it; that it is gone must
  // be seen several times.
  bool Judge(double contention);

 private:
  bool company_ = false;
  int quiet_ = 0;
};

}  // namespace imprint
