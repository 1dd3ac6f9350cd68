// Decides whether this process shares its processors with other programs.
#pragma once

namespace imprint::engine {

// Decides from measurements of ContentionMeter, taken every 200 ms. Measured with two threads on
// two processors: a training or a drawing alone stays below 0.1, whichever way its threads wait,
// and beside another program it never falls below 0.4. Not thread-safe.
class CompanyJudge {
 public:
  // Takes a measurement and returns whether there is company. A single one is enough to detect it;
  // it counts as gone only after several quiet ones.
  bool Judge(double contention);

 private:
  bool company_ = false;
  int quiet_ = 0;
};

}  // namespace imprint::engine
