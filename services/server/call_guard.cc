#include "services/server/call_guard.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include <google/protobuf/message.h>
#include <grpc/grpc.h>

#include "services/server/byte_budget.h"
#include "services/server/patience.h"
#include "services/server/refusal.h"
#include "services/server/turnstile.h"

namespace imprint {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// What a request takes in memory, up to about 25 times its size on the wire, is known once it is
// parsed. Only so many may be in between.
constexpr int kParsedAtOnce = 2;
// For tools that look at a server, each for a moment.
constexpr int kReflectionStreams = 8;
constexpr int64_t kSmallRequest = 64 << 10;

// A request that was parsed, or nothing where there is none.
google::protobuf::Message* RequestOf(InterceptorBatchMethods& batch) {
  if (!batch.QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE)) return nullptr;
  // Every message of ours is one, and begins with it.
  return static_cast<google::protobuf::Message*>(batch.GetRecvMessage());
}

// Empties a message whose memory Clear would keep.
void Empty(google::protobuf::Message& message) {
  const std::unique_ptr<google::protobuf::Message> fresh(message.New());
  message.GetReflection()->Swap(&message, fresh.get());
}

// Ends a call of reflection, whose handler is gRPC's own and does not ask for a refusal.
void End(grpc::ServerContextBase& context, const absl::Status& status) {
  grpc_call_cancel_with_status(context.c_call(), GRPC_STATUS_RESOURCE_EXHAUSTED,
                               std::string(status.message()).c_str(), nullptr);
}

// Lets so many parse at once. Thread-safe.
class ParsingRoom {
 public:
  void Enter() {
    const auto room = [this]()
                          ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return inside_ < kParsedAtOnce; };
    const absl::MutexLock lock(&mutex_, absl::Condition(&room));
    ++inside_;
  }
  void Leave() {
    const absl::MutexLock lock(&mutex_);
    --inside_;
  }

 private:
  absl::Mutex mutex_;
  int inside_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What all calls of a server share.
struct Shared {
  explicit Shared(const CallLimits& limits)
      : calls("calls", limits.calls, limits.calls),
        streams("streams", limits.streams, limits.streams),
        reflection("reflection", kReflectionStreams, kReflectionStreams),
        requests("requests", limits.request_bytes) {}

  Turnstile calls;
  Turnstile streams;
  Turnstile reflection;
  ByteBudget requests;
  ParsingRoom parsing;
};

// gRPC makes it just before it parses a request, and ends it after the call.
class CallGuard : public grpc::experimental::Interceptor {
 public:
  CallGuard(Shared& shared, ServerRpcInfo& info)
      : shared_(shared), context_(*info.server_context()) {
    ForgetRefusal();
    const bool own = absl::StartsWith(info.method(), "/imprint.");
    is_reflection_ = absl::StrContains(info.method(), ".ServerReflection/");
    const ServerRpcInfo::Type type = info.type();
    if (is_reflection_) Pass(shared.reflection);
    if (!own) return;
    Pass(shared.calls);
    answers_once_ =
        type == ServerRpcInfo::Type::UNARY || type == ServerRpcInfo::Type::CLIENT_STREAMING;
    if (type != ServerRpcInfo::Type::UNARY) Pass(shared.streams);
    parses_ = type == ServerRpcInfo::Type::UNARY || type == ServerRpcInfo::Type::SERVER_STREAMING;
    if (parses_) shared_.parsing.Enter();
  }

  // A call may end before its request is there to be parsed.
  ~CallGuard() override { HasParsed(); }

  void Intercept(InterceptorBatchMethods* batch) override {
    if (is_reflection_ && !patience_) {
      patience_.emplace(context_, "reflection is for a moment; ask again");
    }
    // gRPC's handler waits until the caller has made room for its answer, and holds a thread.
    if (answers_once_ && !patience_ &&
        batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) {
      patience_.emplace(context_, "the caller took nothing for too long; ask again");
    }
    if (parses_) {
      if (google::protobuf::Message* request = RequestOf(*batch)) Weigh(*request);
      HasParsed();
    }
    if (!refused_.ok()) {
      if (is_reflection_) {
        End(context_, refused_);
      } else {
        Refuse(context_, refused_);
      }
      refused_ = absl::OkStatus();
    }
    batch->Proceed();
  }

 private:
  void Pass(Turnstile& turnstile) {
    if (!refused_.ok()) return;
    auto pass = turnstile.Enter("");
    if (pass.ok()) {
      passes_.push_back(*std::move(pass));
    } else {
      refused_ = pass.status();
    }
  }

  void Weigh(google::protobuf::Message& request) {
    const auto bytes = static_cast<int64_t>(request.SpaceUsedLong());
    if (bytes < kSmallRequest) return;
    auto share = shared_.requests.Take(bytes);
    if (share.ok()) {
      share_ = *std::move(share);
      return;
    }
    Empty(request);
    refused_ = share.status();
  }

  void HasParsed() {
    if (std::exchange(parses_, false)) shared_.parsing.Leave();
  }

  Shared& shared_;
  grpc::ServerContextBase& context_;
  std::vector<Turnstile::Pass> passes_;
  std::optional<Patience> patience_;
  ByteBudget::Share share_;
  bool is_reflection_ = false;
  bool answers_once_ = false;
  bool parses_ = false;
  absl::Status refused_;
};

class CallGuardFactory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  CallGuardFactory(const CallLimits& limits, Metrics& metrics) : shared_(limits) {
    shared_.calls.Show(metrics);
    shared_.streams.Show(metrics);
    shared_.requests.Show("requests", metrics);
  }

  // gRPC takes ownership.
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new CallGuard(shared_, *info);
  }

 private:
  Shared shared_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallGuard(
    const CallLimits& limits, Metrics& metrics) {
  return std::make_unique<CallGuardFactory>(limits, metrics);
}

}  // namespace imprint
