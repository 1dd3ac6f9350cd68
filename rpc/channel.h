// Connections to our own servers.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

namespace imprint {

// Largest message that we send or take: a prepared picture of 2048 pixels a side fits.
inline constexpr int kMaxMessageBytes = 16 << 20;

// A channel to "host:port" or "unix:/path", plaintext, with keepalive, that reconnects within a
// second.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address);

// Returns once there is a connection, or after a patience of two seconds, and says which: a server
// that has just come up must not be unavailable until the next try to connect is due.
bool AwaitConnection(grpc::Channel& channel);

// A deadline from now.
void SetDeadline(grpc::ClientContext& context, absl::Duration timeout);

}  // namespace imprint
