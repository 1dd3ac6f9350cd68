// Connections to our own servers.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace imprint {

// The largest message that we send or accept: a prepared picture of 2048 pixels a side fits.
inline constexpr int kMaxMessageBytes = 16 << 20;
// The largest request that gateway and registry accept: a spec of 3 MiB fits.
inline constexpr int kMaxRequestBytes = 4 << 20;

// How long a peer may be silent before it is asked whether it is still there, and how long it may
// take to answer before the connection is given up.
struct Keepalive {
  absl::Duration after = absl::Seconds(20);
  absl::Duration timeout = absl::Seconds(10);
};

// Returns the address of a Unix socket, as servers bind it and OpenChannel takes it: gRPC reads it
// as a URI.
std::string UnixAddress(const std::filesystem::path& socket);

// Opens a channel to "host:port" or a UnixAddress, plaintext, with keepalive. It tries again within
// a second of an attempt to connect that failed; an attempt may take 5 seconds. Our servers allow
// pings 10 seconds apart.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const Keepalive& keepalive = {});

// Waits until there is a connection, for at most two seconds, and returns whether there is one: a
// server that has just come up must not be unavailable until the next attempt to connect is due.
bool AwaitConnection(grpc::Channel& channel);

// Sets a deadline relative to now.
void SetDeadline(grpc::ClientContext& context, absl::Duration timeout);

}  // namespace imprint
