#include "services/server/call_metrics.h"

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace imprint {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// "/imprint.v1.JobService/GetJob" -> "JobService.GetJob".
std::string MethodLabel(absl::string_view path) {
  const size_t package_end = path.rfind('.');
  std::string label(path.substr(package_end == absl::string_view::npos ? 1 : package_end + 1));
  for (char& c : label) {
    if (c == '/') c = '.';
  }
  return label;
}

class MethodMetrics {
 public:
  MethodMetrics(Metrics& metrics, CallsInFlight* in_flight, std::string method, bool unary)
      : metrics_(metrics),
        calls_(in_flight),
        method_(std::move(method)),
        in_flight_(metrics.Gauge("imprint_rpc_in_flight", "Calls that are being answered.",
                                 {{"method", method_}})),
        seconds_(unary ? &metrics.Seconds("imprint_rpc_seconds",
                                          "Seconds that calls without streams took.",
                                          {{"method", method_}})
                       : nullptr) {}

  void Began() {
    in_flight_.Increment();
    if (calls_ != nullptr) calls_->Began();
  }

  void Ended(absl::StatusCode code, absl::Duration took) {
    in_flight_.Decrement();
    metrics_
        .Counter("imprint_rpc_handled_total", "Calls that were answered, by status code.",
                 {{"method", method_}, {"code", absl::StatusCodeToString(code)}})
        .Increment();
    if (seconds_ != nullptr) seconds_->Observe(absl::ToDoubleSeconds(took));
    if (calls_ != nullptr) calls_->Ended();
  }

 private:
  Metrics& metrics_;
  CallsInFlight* calls_;
  std::string method_;
  prometheus::Gauge& in_flight_;
  prometheus::Histogram* seconds_;
};

class CallInterceptor : public grpc::experimental::Interceptor {
 public:
  explicit CallInterceptor(MethodMetrics& method) : method_(method), began_(absl::Now()) {
    method_.Began();
  }
  // Not at PRE_SEND_STATUS: a call whose caller has gone may end without a status.
  ~CallInterceptor() override { method_.Ended(code_, absl::Now() - began_); }

  void Intercept(InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      code_ = static_cast<absl::StatusCode>(batch->GetSendStatus().error_code());
    }
    batch->Proceed();
  }

 private:
  MethodMetrics& method_;
  absl::Time began_;
  absl::StatusCode code_ = absl::StatusCode::kCancelled;
};

class CallInterceptorFactory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  CallInterceptorFactory(Metrics& metrics, CallsInFlight& in_flight)
      : metrics_(metrics), in_flight_(in_flight) {}

  // gRPC takes ownership.
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new CallInterceptor(Method(*info));
  }

 private:
  MethodMetrics& Method(const ServerRpcInfo& info) {
    const absl::MutexLock lock(&mutex_);
    auto& method = methods_[info.method()];
    if (method == nullptr) {
      const bool own = absl::StartsWith(info.method(), "/imprint.");
      method = std::make_unique<MethodMetrics>(metrics_, own ? &in_flight_ : nullptr,
                                               MethodLabel(info.method()),
                                               info.type() == ServerRpcInfo::Type::UNARY);
    }
    return *method;
  }

  Metrics& metrics_;
  CallsInFlight& in_flight_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<MethodMetrics>> methods_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallMetrics(
    Metrics& metrics, CallsInFlight& in_flight) {
  return std::make_unique<CallInterceptorFactory>(metrics, in_flight);
}

}  // namespace imprint
