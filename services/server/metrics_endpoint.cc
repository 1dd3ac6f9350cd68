#include "services/server/metrics_endpoint.h"

#include <cerrno>
#include <cstring>
#include <map>
#include <microhttpd.h>
#include <netdb.h>
#include <stop_token>
#include <sys/socket.h>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "base/pause.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

constexpr unsigned int kSilenceSeconds = 5;
constexpr absl::Duration kLongest = absl::Seconds(30);
constexpr absl::Duration kLookAgain = absl::Seconds(5);
constexpr unsigned int kConnections = 256;
// One address that opens many must leave room for Prometheus.
constexpr unsigned int kConnectionsOfOne = 64;
// The most bytes of memory for one connection, its request's header among them.
constexpr size_t kRequestBytes = 16 << 10;

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

absl::Status CannotBind(const std::string& address, absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("metrics-listen: ", address, " cannot be bound: ", why));
}

// Of "host:port" or "[host]:port".
absl::StatusOr<Addresses> Resolve(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]"))
    host = host.substr(1, host.size() - 2);
  const std::string port = address.substr(colon + 1);
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) return CannotBind(address, gai_strerror(failed));
  return Addresses(found, &freeaddrinfo);
}

MHD_Result Respond(MHD_Connection* connection, unsigned int code, const std::string& body,
                   const char* type) {
  MHD_Response* response = MHD_create_response_from_buffer(
      body.size(), const_cast<char*>(body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  const MHD_Result queued = MHD_queue_response(connection, code, response);
  MHD_destroy_response(response);
  return queued;
}

// Called once for a request's header and again at its end.
MHD_Result Answer(void* endpoint, MHD_Connection* connection, const char* url, const char* method,
                  const char* /*version*/, const char* /*upload*/, size_t* upload_bytes,
                  void** request) {
  static int begun;
  if (*request == nullptr) {
    *request = &begun;
    return MHD_YES;
  }
  // A body is taken and ignored: MHD calls again until all of it was taken.
  if (*upload_bytes != 0) {
    *upload_bytes = 0;
    return MHD_YES;
  }
  if (absl::string_view(url) != "/metrics") {
    return Respond(connection, MHD_HTTP_NOT_FOUND, "metrics are at /metrics\n", "text/plain");
  }
  const absl::string_view asked(method);
  if (asked != MHD_HTTP_METHOD_GET && asked != MHD_HTTP_METHOD_HEAD) {
    return Respond(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD\n", "text/plain");
  }
  return Respond(connection, MHD_HTTP_OK, static_cast<const MetricsEndpoint*>(endpoint)->Text(),
                 "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace

// The open connections. libmicrohttpd ends what is silent, but not what sends a byte now and then.
class MetricsEndpoint::Connections {
 public:
  Connections() : sweeper_([this](const std::stop_token& stop) { Sweep(stop); }) {}

  // As MHD_OPTION_NOTIFY_CONNECTION calls it, at the beginning and at the end.
  static void Note(void* connections, MHD_Connection* connection, void** /*context*/,
                   MHD_ConnectionNotificationCode code) {
    const MHD_ConnectionInfo* info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == nullptr) return;
    auto& self = *static_cast<Connections*>(connections);
    const absl::MutexLock lock(&self.mutex_);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      self.since_[info->connect_fd] = absl::Now();
    } else {
      self.since_.erase(info->connect_fd);
    }
  }

 private:
  void Sweep(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Pause(stop, kLookAgain);
      const absl::Time latest = absl::Now() - kLongest;
      const absl::MutexLock lock(&mutex_);
      for (const auto& [socket, since] : since_) {
        // Not close: the descriptor is the library's, which notices the end and closes it.
        if (since < latest) shutdown(socket, SHUT_RDWR);
      }
    }
  }

  absl::Mutex mutex_;
  std::map<int, absl::Time> since_ ABSL_GUARDED_BY(mutex_);
  std::jthread sweeper_;
};

MetricsEndpoint::MetricsEndpoint(std::function<std::string()> text)
    : text_(std::move(text)), connections_(std::make_unique<Connections>()) {}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(
    const std::string& address, std::function<std::string()> text) {
  ASSIGN_OR_RETURN(const Addresses addresses, Resolve(address));
  std::unique_ptr<MetricsEndpoint> endpoint(new MetricsEndpoint(std::move(text)));
  unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC;
  if (addresses->ai_family == AF_INET6) flags |= MHD_USE_IPv6;
  errno = 0;
  endpoint->daemon_ = MHD_start_daemon(
      flags, 0, nullptr, nullptr, &Answer, endpoint.get(), MHD_OPTION_SOCK_ADDR, addresses->ai_addr,
      MHD_OPTION_CONNECTION_TIMEOUT, kSilenceSeconds, MHD_OPTION_CONNECTION_LIMIT, kConnections,
      MHD_OPTION_PER_IP_CONNECTION_LIMIT, kConnectionsOfOne, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      kRequestBytes, MHD_OPTION_NOTIFY_CONNECTION, &Connections::Note, endpoint->connections_.get(),
      MHD_OPTION_END);
  if (endpoint->daemon_ == nullptr) {
    return CannotBind(address, errno == 0 ? "refused" : std::strerror(errno));
  }
  const MHD_DaemonInfo* bound = MHD_get_daemon_info(endpoint->daemon_, MHD_DAEMON_INFO_BIND_PORT);
  if (bound == nullptr) return CannotBind(address, "its port is not known");
  endpoint->address_ = absl::StrCat(address.substr(0, address.rfind(':')), ":", bound->port);
  return endpoint;
}

// Its threads call `text_` and note connections until it has stopped.
MetricsEndpoint::~MetricsEndpoint() {
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
}

}  // namespace imprint
