// Decides whether this process shares its processors with other programs.
#pragma once

namespace imprint::engine {

// Decides from measurements of ContentionMeter, taken every 200 ms. Measured with two threads on
// two processors: a training or a drawing alone stays below 0.1, whichever way its threads wait,
// and beside another program it never falls below 0.4. A sampler whose pictures are stored on the
// same machine is kept waiting for moments: up to 0.33 in one measurement, and below 0.1 in the
// next. Not thread-safe.
class CompanyJudge {
 public:
  // Takes a measurement and returns whether there is company: after two loud ones in a row, until
  // there have been several quiet ones.
  bool Judge(double contention);

 private:
  bool company_ = false;
  int loud_ = 0;  // measurements in a row
  int quiet_ = 0;
};

}  // namespace imprint::engine
