#include "services/rank/compute_thread.h"

namespace imprint::rank {

ComputeThread::ComputeThread() : thread_([this] { Loop(); }) {}

ComputeThread::~ComputeThread() {
  {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  thread_.join();
}

void ComputeThread::Run(const std::function<void()>& work) {
  const absl::MutexLock lock(&mutex_);
  const int64_t mine = asked_++;
  const auto my_turn = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return done_ == mine; };
  mutex_.Await(absl::Condition(&my_turn));
  work_ = &work;
  const auto done = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return done_ > mine; };
  mutex_.Await(absl::Condition(&done));
}

void ComputeThread::Loop() {
  const auto something = [this]()
                             ABSL_NO_THREAD_SAFETY_ANALYSIS { return closed_ || work_ != nullptr; };
  while (true) {
    const std::function<void()>* work = nullptr;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&something));
      if (work_ == nullptr) return;
      work = work_;
    }
    (*work)();
    const absl::MutexLock lock(&mutex_);
    work_ = nullptr;
    ++done_;
  }
}

}  // namespace imprint::rank
