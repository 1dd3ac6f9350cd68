// The context of one call to a server of ours, and on what terms it is made.
#pragma once

#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>

namespace imprint {

// Returns the call's `traceparent` header (https://www.w3.org/TR/trace-context/); empty if it has
// none.
std::string TraceParentOf(const grpc::ServerContextBase& context);

// The terms of a call. Without any it takes as long as it takes.
struct CallTerms {
  // When it ends with DEADLINE_EXCEEDED: the earlier of the two.
  absl::Duration timeout = absl::InfiniteDuration();
  absl::Time deadline = absl::InfiniteFuture();
  // The trace that it is part of; empty if there is none.
  std::string trace_parent = {};
  // Cancels it.
  std::stop_token stop = {};
  // Where set, AwaitConnection (rpc/channel.h) is waited for first, which is no part of the
  // timeout.
  grpc::Channel* connect_first = nullptr;
  // Waits for a connection for as long as it may take, instead of failing without one.
  bool wait_for_ready = false;

  // Returns these terms for a call on behalf of one that a server is handling: within its deadline
  // and as part of its trace.
  CallTerms For(const grpc::ServerContextBase& handled) const;
};

// One call, which must end before this does:
//   ClientCall call({.timeout = absl::Seconds(30), .stop = stop});
//   const grpc::Status status = stub.GetJob(&call.context(), request, &job);
class ClientCall {
 public:
  explicit ClientCall(const CallTerms& terms);

  grpc::ClientContext& context() { return context_; }

 private:
  struct Cancel {
    grpc::ClientContext& context;
    void operator()() const { context.TryCancel(); }
  };

  grpc::ClientContext context_;
  // After the context: it ends before what it cancels.
  std::stop_callback<Cancel> cancel_;
};

}  // namespace imprint
