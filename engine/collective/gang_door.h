// The rendezvous address at which a gang's rank 0 is found. This header needs no LibTorch.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace imprint::engine {

struct GangStore;

// A free port at one address, where the ranks of a gang rendezvous. Whoever connects is answered
// from the start, however long rank 0 is still loading. It stays open as long as a copy of this
// object lives, or the gang that rank 0 joined with it.
class GangDoor {
 public:
  // Opens a port. `host` is an IPv4 or IPv6 address, or a name of this machine. The gang's store
  // has no password: what protects it is an address that only its members can reach.
  // INVALID_ARGUMENT or UNAVAILABLE naming the host.
  static absl::StatusOr<GangDoor> Open(const std::string& host);

  int port() const { return port_; }
  const GangStore& store() const { return *store_; }

 private:
  GangDoor(std::shared_ptr<const GangStore> store, int port)
      : store_(std::move(store)), port_(port) {}

  std::shared_ptr<const GangStore> store_;
  int port_;
};

}  // namespace imprint::engine
