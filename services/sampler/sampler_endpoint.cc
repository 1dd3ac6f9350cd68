#include "services/sampler/sampler_endpoint.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "services/node/run_id.h"
#include "services/node/run_stream.h"
#include "services/sampler/chunk_order.h"
#include "services/sampler/chunk_run.h"
#include "services/server/call.h"
#include "text/policy/policy_file.h"

namespace imprint::sampler {

grpc::Status SamplerEndpoint::Start(grpc::ServerContext* context,
                                    const v1::StartSamplingRequest* request,
                                    v1::StartSamplingResponse* response) {
  return AnswerWith(*context, *response, [&] { return Begin(*request); });
}

grpc::Status SamplerEndpoint::Attach(grpc::ServerContext* context,
                                     const v1::AttachSamplingRequest* request,
                                     grpc::ServerWriter<v1::RunEvent>* writer) {
  return node::StreamRun(runs_, request->run(), request->from_event(), *context, *writer);
}

grpc::Status SamplerEndpoint::Stop(grpc::ServerContext* context,
                                   const v1::StopSamplingRequest* request,
                                   v1::StopSamplingResponse* /*response*/) {
  return Answer(*context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const node::RunId id, node::ParseRunId(request->run()));
    return runs_.Stop(id, request->mode(), request->reason());
  });
}

absl::StatusOr<v1::StartSamplingResponse> SamplerEndpoint::Begin(
    const v1::StartSamplingRequest& request) {
  ASSIGN_OR_RETURN(ChunkOrder order, ParseChunk(request));
  for (size_t i = 0; i < order.pictures.size(); ++i) {
    const PictureRequest& picture = order.pictures[i].request;
    RETURN_IF_ERROR(CheckPolicy(policy_, absl::StrCat("items[", i, "].prompt"), picture.prompt,
                                picture.prompt_style));
  }
  if (models_.AreKnown()) RETURN_IF_ERROR(models_.Check("model.folder", order.model.folder()));
  // A gateway that has not heard yet that this node was started with smaller batches.
  if (order.needs_places && order.batch_places > engine_.largest_batch()) {
    return absl::ResourceExhaustedError(absl::StrCat("batch_places: got ", order.batch_places,
                                                     "; expected at most ", engine_.largest_batch(),
                                                     ", the places of this sampler's batches"));
  }
  ASSIGN_OR_RETURN(const node::RunTable::Begun begun, runs_.Begin(order.id));
  if (!begun.existed) {
    engine_.Add(std::make_shared<ChunkRun>(begun.run, std::move(order), metrics_));
  }
  v1::StartSamplingResponse response;
  response.set_existed(begun.existed);
  return response;
}

}  // namespace imprint::sampler
