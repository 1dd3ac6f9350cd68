#include "services/server/refusal.h"

#include <utility>

namespace imprint {
namespace {

struct Refused {
  const grpc::ServerContextBase* call = nullptr;
  absl::Status why;
};

// gRPC 1.51 runs the interceptors of a call and then its handler on one thread.
thread_local Refused refused_here;

}  // namespace

void Refuse(const grpc::ServerContextBase& context, const absl::Status& refusal) {
  refused_here = {&context, refusal};
}

absl::Status TakeRefusal(const grpc::ServerContextBase& context) {
  if (refused_here.call != &context) return absl::OkStatus();
  return std::exchange(refused_here, {}).why;
}

void ForgetRefusal() { refused_here = {}; }

}  // namespace imprint
