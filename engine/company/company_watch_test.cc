#include "engine/company/company_watch.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <list>
#include <omp.h>
#include <string>
#include <thread>

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "engine/company/busy_thread.h"

namespace imprint::engine {
namespace {

bool HasThread(const std::string& name) {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string found;
    std::ifstream file(thread.path() / "comm");
    std::getline(file, found);
    if (found == name) return true;
  }
  return false;
}

// Whether a thread is, or is not, listed before long: one that has ended may be for a moment.
bool SoonHasThread(const std::string& name, bool wanted = true) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (HasThread(name) != wanted && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return HasThread(name) == wanted;
}

class CompanyWatchTest : public testing::Test {
 protected:
  CompanyWatchTest() {
    unsetenv("OMP_WAIT_POLICY");
    unsetenv("GOMP_SPINCOUNT");
    at::set_num_threads(std::max(2, omp_get_num_procs()));
  }
  ~CompanyWatchTest() override { at::set_num_threads(1); }
};

TEST_F(CompanyWatchTest, WaitsAreShortAsSoonAsProcessorsAreWantedTwice) {
  {
    const CompanyWatch watch(c10::Device(c10::kCPU));
    EXPECT_TRUE(HasThread("company-watch"));
    std::list<BusyThread> busy;
    for (int i = 0; i < 2 * omp_get_num_procs(); ++i) busy.emplace_back();
    EXPECT_TRUE(SoonHasThread("short-waits"));
  }
  EXPECT_TRUE(SoonHasThread("company-watch", false));
  EXPECT_TRUE(SoonHasThread("short-waits", false));
}

TEST_F(CompanyWatchTest, IsNotNeededOnAGpuNorWithOneThread) {
  const CompanyWatch gpu(c10::Device(c10::kCUDA, 0));
  at::set_num_threads(1);
  const CompanyWatch one(c10::Device(c10::kCPU));
  EXPECT_TRUE(SoonHasThread("company-watch", false));
}

TEST_F(CompanyWatchTest, LeavesWaitingToWhoeverSetIt) {
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) {
    setenv(name, "1", 1);
    const CompanyWatch watch(c10::Device(c10::kCPU));
    EXPECT_TRUE(SoonHasThread("company-watch", false)) << name;
    unsetenv(name);
  }
}

}  // namespace
}  // namespace imprint::engine
