#include "services/runtime/server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "base/status_macros.h"
#include "rpc/channel.h"
#include "services/runtime/call_metrics.h"

namespace imprint {
namespace {

// For calls that came at the last moment.
constexpr absl::Duration kLastGrace = absl::Seconds(1);

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
  server->GetHealthCheckService()->SetServingStatus(false);
  return server;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerFlags& flags,
                                                      const std::vector<grpc::Service*>& services,
                                                      Metrics& metrics) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::unique_ptr<Server> server(new Server);

  grpc::ServerBuilder builder;
  for (grpc::Service* service : services) builder.RegisterService(service);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             flags.max_connection_age_seconds * 1000);
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(flags.max_threads);
  builder.SetResourceQuota(quota);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(MakeCallMetrics(metrics, server->in_flight_));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  ASSIGN_OR_RETURN(server->server_, Listen(builder, "listen", flags.listen, server->address_));

  if (!flags.health_listen.empty()) {
    grpc::ServerBuilder health;
    ASSIGN_OR_RETURN(server->health_,
                     Listen(health, "health-listen", flags.health_listen, server->health_address_));
  }
  return server;
}

void Server::SetReady(bool ready) {
  server_->GetHealthCheckService()->SetServingStatus(ready);
  if (health_ != nullptr) health_->GetHealthCheckService()->SetServingStatus(ready);
}

void Server::Shutdown(absl::Time deadline) {
  in_flight_.AwaitNone(deadline);
  server_->Shutdown(absl::ToChronoTime(absl::Now() + kLastGrace));
  server_->Wait();
  if (health_ == nullptr) return;
  health_->Shutdown(absl::ToChronoTime(absl::Now()));
  health_->Wait();
}

}  // namespace imprint
