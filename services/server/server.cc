#include "services/server/server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <grpc/compression.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "base/status_macros.h"
#include "rpc/channel.h"
#include "services/server/call_guard.h"
#include "services/server/call_metrics.h"

namespace imprint {
namespace {

// How long calls that came at the last moment may take.
constexpr absl::Duration kLastGrace = absl::Seconds(1);

// One in so many of the threads is never given to a stream, and one in so many to no call of ours
// at all: gRPC refuses calls when threads run out, and health checks and our own refusals need
// some.
constexpr int kShareForUnary = 4;
constexpr int kShareForHealth = 16;
constexpr int kLeastForHealth = 8;
// The memory that messages on their way in may take. gRPC 1.51 looks at a message's size once all
// of it is there.
constexpr size_t kTransportBytes = 256 << 20;

// A message is unpacked before its size is looked at: one of a megabyte may be a gigabyte then.
void RefuseCompression(grpc::ServerBuilder& builder) {
  constexpr int kIdentityAlone = 1 << GRPC_COMPRESS_NONE;
  builder.AddChannelArgument(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, kIdentityAlone);
}

// An address that is bound already must be an error, not shared.
void RefuseSharedPort(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

absl::StatusOr<std::unique_ptr<grpc::Server>> Listen(grpc::ServerBuilder& builder,
                                                     const std::string& flag,
                                                     const std::string& address,
                                                     std::string& bound) {
  int port = 0;
  RefuseSharedPort(builder);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return absl::UnavailableError(
        absl::StrCat(flag, ": ", address, " cannot be bound; is something else listening there?"));
  }
  bound = absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
  // gRPC's own health service says SERVING from the start.
  server->GetHealthCheckService()->SetServingStatus(false);
  return server;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerFlags& flags,
                                                      const std::vector<grpc::Service*>& services,
                                                      int most_bytes, Metrics& metrics) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::unique_ptr<Server> server(new Server);
  // The pool keeps a thread to itself (gRPC 1.51).
  server->max_calls_ =
      flags.max_threads - std::max(kLeastForHealth, flags.max_threads / kShareForHealth);

  grpc::ServerBuilder builder;
  for (grpc::Service* service : services) builder.RegisterService(service);
  builder.SetMaxReceiveMessageSize(most_bytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  RefuseCompression(builder);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  // Or a caller that vanishes from a quiet stream would never be noticed (rpc/channel.cc).
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Our clients ping every 20 seconds (rpc/channel.h); gRPC's own limit of five minutes between
  // pings without data would end their idle connections.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // No grace is set, which means an infinite one: with another, gRPC ends streams and long calls
  // that are in flight when a connection comes of age.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             flags.max_connection_age_seconds * 1000);
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(flags.max_threads);
  quota.Resize(kTransportBytes);
  builder.SetResourceQuota(quota);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(MakeCallMetrics(metrics, *server->in_flight_));
  interceptors.push_back(
      MakeCallGuard({.calls = server->max_calls_,
                     .streams = flags.max_threads - flags.max_threads / kShareForUnary},
                    metrics));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  ASSIGN_OR_RETURN(server->server_, Listen(builder, "listen", flags.listen, server->address_));

  if (!flags.health_listen.empty()) {
    grpc::ServerBuilder health;
    ASSIGN_OR_RETURN(server->health_,
                     Listen(health, "health-listen", flags.health_listen, server->health_address_));
  }
  return server;
}

absl::Status Server::HasThreads() {
  if (in_flight_->Count() < max_calls_) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(max_calls_, " calls are being answered; --max-threads allows more"));
}

void Server::SetReady(bool ready) {
  server_->GetHealthCheckService()->SetServingStatus(ready);
  if (health_ != nullptr) health_->GetHealthCheckService()->SetServingStatus(ready);
}

void Server::Shutdown(absl::Time deadline) {
  in_flight_->AwaitNone(deadline);
  // With a deadline: without one, it may wait forever for a call that does not end.
  server_->Shutdown(absl::ToChronoTime(absl::Now() + kLastGrace));
  server_->Wait();
  if (health_ == nullptr) return;
  // Last, so that probes hear NOT_SERVING for as long as calls are answered.
  health_->Shutdown(absl::ToChronoTime(absl::Now()));
  health_->Wait();
}

}  // namespace imprint
