#include "gateway/peers/node_watcher.h"

#include <netdb.h>
#include <set>
#include <stop_token>
#include <sys/socket.h>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include <imprint/v1/node.grpc.pb.h>

#include "base/pause.h"
#include "rpc/channel.h"
#include "rpc/client_call.h"
#include "services/server/log.h"

namespace imprint::gateway {
namespace {

constexpr absl::Duration kResolveEvery = absl::Seconds(3);
constexpr absl::Duration kReconnectAfter = absl::Milliseconds(200);

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveNodes(const std::string& target) {
  if (!absl::StartsWith(target, "dns:")) return std::vector<std::string>{target};
  const std::vector<std::string> parts = absl::StrSplit(target, ':');
  if (parts.size() != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("node address: got \"", target, "\"; expected HOST:PORT or dns:NAME:PORT"));
  }
  addrinfo hints = {};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(parts[1].c_str(), parts[2].c_str(), &hints, &found)) {
    return absl::UnavailableError(absl::StrCat(target, ": ", gai_strerror(error)));
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };
  std::set<std::string> addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char host[NI_MAXHOST];
    if (getnameinfo(each->ai_addr, each->ai_addrlen, host, sizeof(host), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      addresses.insert(absl::StrCat(host, ":", parts[2]));
    }
  }
  return std::vector<std::string>(addresses.begin(), addresses.end());
}

NodeWatcher::NodeWatcher(std::vector<std::string> targets, NodeTable& table,
                         std::function<void()> changed)
    : targets_(std::move(targets)),
      table_(table),
      changed_(std::move(changed)),
      discovery_([this](const std::stop_token& stop) { Discover(stop); }) {}

NodeWatcher::~NodeWatcher() {
  // It comes first, since it begins streams.
  discovery_.request_stop();
  discovery_.join();
  std::map<std::string, std::jthread> streams;
  {
    const absl::MutexLock lock(&mutex_);
    streams.swap(streams_);
  }
  // All are told before the map's end joins the first of them.
  for (auto& [address, thread] : streams) thread.request_stop();
}

void NodeWatcher::Discover(const std::stop_token& stop) {
  // What each target stood for when it was last resolved: nodes are kept while a name server fails.
  std::map<std::string, std::set<std::string>> last;
  std::set<std::string> complained;
  while (!stop.stop_requested()) {
    std::set<std::string> addresses;
    for (const std::string& target : targets_) {
      const auto found = ResolveNodes(target);
      if (found.ok()) {
        last[target] = {found->begin(), found->end()};
        complained.erase(target);
      } else if (complained.insert(target).second) {
        LogWarning("cannot resolve a node target; it is retried, and the nodes last found are kept",
                   {{"error", found.status().message()}});
      }
      addresses.insert(last[target].begin(), last[target].end());
    }
    std::vector<std::jthread> gone;
    {
      const absl::MutexLock lock(&mutex_);
      for (auto stream = streams_.begin(); stream != streams_.end();) {
        if (addresses.contains(stream->first)) {
          ++stream;
          continue;
        }
        stream->second.request_stop();
        gone.push_back(std::move(stream->second));
        stream = streams_.erase(stream);
      }
      for (const std::string& address : addresses) {
        if (streams_.contains(address)) continue;
        streams_.emplace(address, std::jthread([this, address](const std::stop_token& end) {
                           Follow(end, address);
                         }));
      }
    }
    // Joins without the lock: a thread may still wait for its call to be cancelled.
    gone.clear();
    Pause(stop, kResolveEvery);
  }
}

void NodeWatcher::Follow(const std::stop_token& stop, const std::string& address) {
  const auto stub = v1::NodeService::NewStub(OpenChannel(address));
  while (!stop.stop_requested()) {
    ClientCall call({.stop = stop});
    const auto stream = stub->Watch(&call.context(), v1::WatchNodeRequest());
    v1::NodeStatus status;
    while (stream->Read(&status)) {
      if (table_.Heard(address, status)) changed_();
    }
    stream->Finish();
    Pause(stop, kReconnectAfter);
  }
}

}  // namespace imprint::gateway
