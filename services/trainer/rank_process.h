// A child process that trains: imprint-rank, reached over a Unix socket.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include <grpcpp/channel.h>
#include <imprint/v1/rank.grpc.pb.h>

namespace imprint::trainer {

// How children are started.
struct RankCommand {
  std::string binary;
  // The folder for sockets; short enough that their paths fit into 107 bytes.
  std::filesystem::path folder;
  std::vector<std::string> more_arguments;
};

// Thread-safe. The child ends with this object, and with this process, however the process ends.
class RankProcess {
 public:
  // Begins to start a child that computes with `threads`; it becomes ready later. Returns
  // UNAVAILABLE if the system cannot start one.
  static absl::StatusOr<std::shared_ptr<RankProcess>> Spawn(const RankCommand& command,
                                                            int threads);
  ~RankProcess();
  RankProcess(const RankProcess&) = delete;
  RankProcess& operator=(const RankProcess&) = delete;

  pid_t pid() const { return pid_; }
  int threads() const { return threads_; }
  v1::RankService::StubInterface& stub() { return *stub_; }

  // Blocks until the child answers. Returns UNAVAILABLE if it ends before that, DEADLINE_EXCEEDED,
  // or CANCELLED.
  absl::Status AwaitReady(absl::Time deadline, const std::stop_token& stop);

  // Returns how the child ended, "was killed by signal 9" or "exited with code 1"; nothing while it
  // lives.
  std::optional<std::string> ending() const;
  // Blocks until the child ends or the deadline passes. Returns whether it has ended.
  bool AwaitEnd(absl::Time deadline) const;

  void Kill();
  // Kills it for the memory that it uses: "uses 2100 MiB of memory; --rank-memory-mb allows 2000".
  void KillForMemory(std::string why);
  // Why it was killed for its memory, if it was.
  std::optional<std::string> over_memory() const;

  int64_t MemoryBytes() const;

 private:
  RankProcess(std::filesystem::path socket, int threads);
  // Starts the child, reports that through `spawned_`, and waits for its end.
  void Accompany(const std::vector<std::string>& arguments);

  const std::filesystem::path socket_;
  const int threads_;
  pid_t pid_ = 0;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RankService::StubInterface> stub_;
  mutable absl::Mutex mutex_;
  std::optional<absl::Status> spawned_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> ending_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> over_memory_ ABSL_GUARDED_BY(mutex_);
  std::thread companion_;
};

}  // namespace imprint::trainer
