// Connections to our own servers.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace imprint {

// Largest message that we send or take: a prepared picture of 2048 pixels a side fits.
inline constexpr int kMaxMessageBytes = 16 << 20;
// Largest request that gateway and registry take: a spec of 3 MiB fits.
inline constexpr int kMaxRequestBytes = 4 << 20;

// When a peer that says nothing is asked whether it is still there, and how long it may take to
// answer before the connection is given up.
struct Keepalive {
  absl::Duration after = absl::Seconds(20);
  absl::Duration timeout = absl::Seconds(10);
};

// The address of a Unix socket, as servers bind it and OpenChannel takes it: gRPC reads it as a
// URI.
std::string UnixAddress(const std::filesystem::path& socket);

// A channel to "host:port" or a UnixAddress, plaintext, with keepalive, that reconnects within a
// second. Our servers allow pings 10 seconds apart.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const Keepalive& keepalive = {});

// Returns once there is a connection, or after a patience of two seconds, and says which: a server
// that has just come up must not be unavailable until the next try to connect is due.
bool AwaitConnection(grpc::Channel& channel);

// A deadline from now.
void SetDeadline(grpc::ClientContext& context, absl::Duration timeout);

}  // namespace imprint
