// Hands what the call guard has decided over to the handler that comes next on the same thread:
// only a handler's answer carries details, such as when to come again.
#pragma once

#include "absl/status/status.h"
#include <grpcpp/server_context.h>

namespace imprint {

// Before the handler of that call runs on this thread.
void Refuse(const grpc::ServerContextBase& context, const absl::Status& refusal);

// The refusal of that call, once; OK if there is none.
absl::Status TakeRefusal(const grpc::ServerContextBase& context);

}  // namespace imprint
