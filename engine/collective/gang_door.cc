#include "engine/collective/gang_door.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "engine/collective/c10d_collective.h"

namespace imprint::engine {
namespace {

constexpr int kWaiting = 128;

absl::Status Failure(const std::string& host, const char* what) {
  return absl::UnavailableError(
      absl::StrCat("gang at ", host, ": ", what, ": ", std::strerror(errno)));
}

// A socket that listens on a free port; closes itself unless it was given away.
class Listener {
 public:
  static absl::StatusOr<Listener> Open(const std::string& host);
  Listener(Listener&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_) {}
  Listener& operator=(Listener&&) = delete;
  ~Listener() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  int port() const { return port_; }
  int Give() { return std::exchange(descriptor_, -1); }

 private:
  explicit Listener(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  int port_ = 0;
};

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

absl::StatusOr<Listener> Listener::Open(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), "0", &hints, &found); error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("gang at ", host, ": ", gai_strerror(error), "; expected an address"));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  const int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Failure(host, "no socket");
  Listener door(descriptor);
  if (bind(descriptor, found->ai_addr, found->ai_addrlen) != 0) return Failure(host, "cannot bind");
  if (listen(descriptor, kWaiting) != 0) return Failure(host, "cannot listen");
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return Failure(host, "no port");
  }
  door.port_ = PortOf(bound);
  return door;
}

}  // namespace

absl::StatusOr<GangDoor> GangDoor::Open(const std::string& host) {
  ASSIGN_OR_RETURN(Listener listener, Listener::Open(host));
  const int port = listener.port();
  // The store takes our socket: one of its own would listen at every address, whatever host it is
  // given.
  ASSIGN_OR_RETURN(auto store, ServeStore(host, port, listener.Give()));
  return GangDoor(std::make_shared<GangStore>(std::move(store)), port);
}

}  // namespace imprint::engine
