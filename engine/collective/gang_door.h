// The socket at which a gang's rank 0 is found. Needs no LibTorch.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace imprint {

// A socket that listens on a free port of one address. Closes itself unless it was given away.
class GangDoor {
 public:
  // `host`: an IPv4 or IPv6 address, or a name of this machine. The gang's store has no password:
  // an address that only its members reach is what protects it. INVALID_ARGUMENT or UNAVAILABLE
  // naming the host.
  static absl::StatusOr<GangDoor> Open(const std::string& host);

  GangDoor(GangDoor&& other) noexcept;
  GangDoor& operator=(GangDoor&& other) noexcept;
  ~GangDoor();

  int port() const { return port_; }
  // The descriptor, which is the caller's from then on.
  int Give();

 private:
  GangDoor(int descriptor, int port) : descriptor_(descriptor), port_(port) {}

  int descriptor_;
  int port_;
};

}  // namespace imprint
