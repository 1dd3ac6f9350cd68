// Hands the call guard's refusal over to the handler that runs next on the same thread: only a
// handler's answer carries details, such as when to retry.
#pragma once

#include "absl/status/status.h"
#include <grpcpp/server_context.h>

namespace imprint {

// Records the refusal of a call. Call it before the call's handler runs on this thread.
void Refuse(const grpc::ServerContextBase& context, const absl::Status& refusal);

// Returns the refusal of that call, once; OK if there is none.
absl::Status TakeRefusal(const grpc::ServerContextBase& context);

// Forgets a refusal that no handler took because its call could not be read. Call it before
// deciding about a new call: the new call's context may lie at the same address as the old one's.
void ForgetRefusal();

}  // namespace imprint
