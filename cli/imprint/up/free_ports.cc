#include "cli/imprint/up/free_ports.h"

#include <algorithm>
#include <fstream>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <arpa/inet.h>

namespace imprint::cli {
namespace {

constexpr int kFirstPort = 10'000;
constexpr int kTriesForOne = 200;

// The first port that the system gives to outgoing connections; Linux' default if it does not say.
int FirstEphemeralPort() {
  int first = 32'768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first;
  return first;
}

bool IsFree(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return false;
  // As servers bind it: an earlier one's connections that are still closing do not count.
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
                    listen(listener, 1) == 0;
  close(listener);
  return free;
}

}  // namespace

absl::StatusOr<std::vector<int>> FindFreePorts(size_t count) {
  const int end = FirstEphemeralPort();
  // Some systems hand out nearly all ports: then there is no better place.
  const int first = end > kFirstPort + 1000 ? kFirstPort : 20'000;
  const int last = end > kFirstPort + 1000 ? end - 1 : 60'000;
  std::random_device seed;
  std::minstd_rand random(seed());
  std::uniform_int_distribution<int> any(first, last);
  std::vector<int> ports;
  for (size_t tries = 0; ports.size() < count && tries < kTriesForOne * count; ++tries) {
    const int port = any(random);
    const bool taken = std::find(ports.begin(), ports.end(), port) != ports.end();
    if (!taken && IsFree(port)) ports.push_back(port);
  }
  if (ports.size() == count) return ports;
  return absl::UnavailableError(
      absl::StrCat("no ", count, " free ports between ", first, " and ", last, " on 127.0.0.1"));
}

}  // namespace imprint::cli
