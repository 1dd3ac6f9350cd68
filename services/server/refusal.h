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

// Before anything is decided of a new call: one that no handler took, for it could not be read,
// must not meet another that happens to lie where its context lay.
void ForgetRefusal();

}  // namespace imprint
