// Keeps a program that computes out of the way of others on its machine.
#pragma once

#include <thread>

#include <c10/core/Device.h>

namespace imprint::engine {

// As long as this object lives, it checks a few times a second whether other programs want the
// processors that this one computes on; while they do, its threads spin only briefly where they
// wait (ShortWaits). Alone, a program does best with libgomp's long spinning; beside another one,
// each of the two spins on processors that the other needs, and takes several times as long.
//
// It is a no-op
// - on a GPU, and with one thread, which never waits;
// - where the environment says how to wait: OMP_WAIT_POLICY or GOMP_SPINCOUNT;
// - where it would take too many threads (IdleThreadsNeeded), or memory for them is short.
class CompanyWatch {
 public:
  // Watches on behalf of the kernels that the calling thread runs on `device`.
  explicit CompanyWatch(const c10::Device& device);
  ~CompanyWatch();
  CompanyWatch(const CompanyWatch&) = delete;
  CompanyWatch& operator=(const CompanyWatch&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace imprint::engine
