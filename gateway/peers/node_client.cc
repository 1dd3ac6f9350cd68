#include "gateway/peers/node_client.h"

#include <utility>

#include <imprint/v1/sampler.grpc.pb.h>
#include <imprint/v1/trainer.grpc.pb.h>

#include "rpc/channel.h"
#include "rpc/client_call.h"
#include "rpc/status.h"
#include "rpc/unary.h"

namespace imprint::gateway {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(20);
constexpr absl::Duration kStopTimeout = absl::Seconds(5);

template <typename Stub, typename AttachRequest, typename StopRequest>
class KindClient : public NodeClient {
 public:
  explicit KindClient(std::unique_ptr<Stub> stub) : stub_(std::move(stub)) {}

  absl::Status Attach(const v1::RunKey& run, int64_t from_event, const OnEvent& on_event,
                      const std::stop_token& stop) override {
    AttachRequest request;
    *request.mutable_run() = run;
    request.set_from_event(from_event);
    // There is no deadline, as a run takes as long as it takes; keepalive notices a node that is
    // gone.
    ClientCall call({.stop = stop});
    const auto stream = stub_->Attach(&call.context(), request);
    v1::RunEvent event;
    while (stream->Read(&event)) {
      absl::Status taken = on_event(event);
      if (taken.ok()) continue;
      // Finish would wait for the run's end otherwise.
      call.context().TryCancel();
      stream->Finish();
      return taken;
    }
    return FromGrpc(stream->Finish());
  }

  absl::Status Stop(const v1::RunKey& run, v1::StopMode mode, const std::string& reason) override {
    StopRequest request;
    *request.mutable_run() = run;
    request.set_mode(mode);
    request.set_reason(reason);
    return CallUnary(*stub_, &Stub::Stop, request, kStopTimeout).status();
  }

 protected:
  std::unique_ptr<Stub> stub_;
};

class TrainerClient : public KindClient<v1::TrainerService::Stub, v1::AttachTrainingRequest,
                                        v1::StopTrainingRequest> {
 public:
  using KindClient::KindClient;
  using NodeClient::Start;

  absl::Status Start(const v1::StartTrainingRequest& request) override {
    return CallUnary(*stub_, &v1::TrainerService::Stub::Start, request, kStartTimeout).status();
  }
};

class SamplerClient : public KindClient<v1::SamplerService::Stub, v1::AttachSamplingRequest,
                                        v1::StopSamplingRequest> {
 public:
  using KindClient::KindClient;
  using NodeClient::Start;

  absl::Status Start(const v1::StartSamplingRequest& request) override {
    return CallUnary(*stub_, &v1::SamplerService::Stub::Start, request, kStartTimeout).status();
  }
};

}  // namespace

std::unique_ptr<NodeClient> NodeClient::Open(v1::NodeKind kind, const std::string& address) {
  const auto channel = OpenChannel(address);
  if (kind == v1::NODE_KIND_SAMPLER) {
    return std::make_unique<SamplerClient>(v1::SamplerService::NewStub(channel));
  }
  return std::make_unique<TrainerClient>(v1::TrainerService::NewStub(channel));
}

absl::Status NodeClient::Start(const v1::StartTrainingRequest&) {
  return absl::UnimplementedError("this node does not train");
}

absl::Status NodeClient::Start(const v1::StartSamplingRequest&) {
  return absl::UnimplementedError("this node does not draw");
}

}  // namespace imprint::gateway
