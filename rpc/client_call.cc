#include "rpc/client_call.h"

#include <algorithm>

#include "absl/time/clock.h"

#include "rpc/channel.h"

namespace imprint {
namespace {

constexpr const char* kTraceParent = "traceparent";

}  // namespace

std::string TraceParentOf(const grpc::ServerContextBase& context) {
  const auto header = context.client_metadata().find(kTraceParent);
  if (header == context.client_metadata().end()) return "";
  return {header->second.data(), header->second.size()};
}

CallTerms CallTerms::For(const grpc::ServerContextBase& handled) const {
  CallTerms terms = *this;
  terms.deadline = std::min(deadline, absl::FromChrono(handled.deadline()));
  terms.trace_parent = TraceParentOf(handled);
  return terms;
}

ClientCall::ClientCall(const CallTerms& terms) : cancel_(terms.stop, Cancel{context_}) {
  // Before the deadline is set, so that waiting takes nothing of the call's own time-out.
  if (terms.connect_first != nullptr) AwaitConnection(*terms.connect_first);
  const absl::Time deadline = std::min(terms.deadline, absl::Now() + terms.timeout);
  if (deadline < absl::InfiniteFuture()) context_.set_deadline(absl::ToChronoTime(deadline));
  if (!terms.trace_parent.empty()) context_.AddMetadata(kTraceParent, terms.trace_parent);
  if (terms.wait_for_ready) context_.set_wait_for_ready(true);
}

}  // namespace imprint
