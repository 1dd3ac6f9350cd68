#include "engine/collective/c10d_collective.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/Types.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include "engine/collective/gang_error.h"
#include "engine/torch/torch_errors.h"

namespace imprint::engine {
namespace {

// How long a rank tries to reach the door, which is open before anybody hears of it: who does not
// reach it soon never will. Lost SYNs are sent again within this time.
constexpr absl::Duration kDoorPatience = absl::Seconds(30);

std::chrono::milliseconds Milliseconds(absl::Duration duration) {
  return std::chrono::milliseconds(absl::ToInt64Milliseconds(duration));
}

// c10d gives back a Work even for what is done.
template <typename Start>
absl::Status Await(const char* what, absl::Duration patience, Start&& start) {
  try {
    start()->wait(Milliseconds(patience));
    return absl::OkStatus();
  } catch (...) {
    return GangError(what);
  }
}

absl::StatusOr<GangStore> MakeStore(const char* what, const std::string& host,
                                    c10d::TCPStoreOptions options) {
  // JoinGang waits for them itself: c10d's waiting hears no stop and does not say who is missing.
  options.waitWorkers = false;
  try {
    return GangStore{c10::make_intrusive<c10d::TCPStore>(host, options)};
  } catch (...) {
    return GangError(what);
  }
}

}  // namespace

absl::Status GangError(const char* what) {
  std::string said;
  try {
    throw;
  } catch (const c10::AcceleratorError&) {
    // A GPU says at the first wait what came of the work before: it is not the gang's error.
    return StatusFromCurrentException();
  } catch (const c10::OutOfMemoryError&) {
    return StatusFromCurrentException();
  } catch (const c10::Error& error) {
    said = error.what_without_backtrace();
  } catch (const std::exception& error) {
    said = error.what();
  }
  // NCCL (2.28) says it on any of several lines.
  const bool shared = absl::StrContains(said, "Duplicate GPU detected");
  said = said.substr(0, said.find('\n'));
  if (shared) {
    said = absl::StrCat("two ranks were given one GPU; each needs a GPU of its own (", said, ")");
  }
  const std::string message = absl::StrCat(kGangError, what, ": ", said);
  const std::string lower = absl::AsciiStrToLower(said);
  // c10d has no type of its own for a time-out; only its text says so.
  const bool silent = absl::StrContains(lower, "timed out") || absl::StrContains(lower, "timeout");
  return silent ? absl::DeadlineExceededError(message) : absl::UnavailableError(message);
}

absl::StatusOr<GangStore> ServeStore(const std::string& host, int port, int descriptor) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(port);
  options.isServer = true;
  options.masterListenFd = descriptor;
  return MakeStore("cannot open a door", host, std::move(options));
}

absl::StatusOr<GangStore> ReachStore(const GangPlace& place) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(place.port);
  options.timeout = Milliseconds(std::min(kDoorPatience, place.join_patience));
  return MakeStore("rank 0's door", place.host, std::move(options));
}

absl::Status C10dCollective::DoSum(at::Tensor& tensor) {
  return Await("summing up", place_.patience, [&] {
    std::vector<at::Tensor> tensors = {tensor};
    return group_->allreduce(tensors, c10d::AllreduceOptions());
  });
}

absl::Status C10dCollective::DoBroadcast(at::Tensor& tensor) {
  return Await("broadcasting", place_.patience, [&] {
    std::vector<at::Tensor> tensors = {tensor};
    return group_->broadcast(tensors, c10d::BroadcastOptions());
  });
}

absl::Status C10dCollective::DoBarrier() {
  const absl::Duration patience = std::max(place_.join_patience, place_.patience);
  return Await("waiting for all", patience, [&] {
    c10d::BarrierOptions options;
    options.timeout = Milliseconds(patience);
    return group_->barrier(options);
  });
}

}  // namespace imprint::engine
