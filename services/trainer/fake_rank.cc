// For tests: a rank that computes nothing. What it does, the class word says: "train" ends with a
// result, "crash" kills itself after step 3, "exit" leaves with code 7, "wait" goes on until it is
// stopped, "deaf" goes on until it is killed, "grow" takes memory until it is killed, "refuse" ends
// with BAD_INPUT and "lose" with DEVICE_LOST, "break" ends its stream without a word. What "report"
// learned was packed, and computed without graphs.
#include <atomic>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <imprint/v1/rank.grpc.pb.h>

#include "rpc/channel.h"

namespace imprint::trainer {
namespace {

class FakeRank : public v1::RankService::Service {
 public:
  grpc::Status Train(grpc::ServerContext* context, const v1::TrainRequest* request,
                     grpc::ServerWriter<v1::RunEvent>* writer) override {
    std::atomic<int>& stop = StopOf(request->run());
    stop = v1::STOP_MODE_UNSPECIFIED;
    const std::string& what = request->spec().class_word();
    v1::RunEvent event;
    event.mutable_started()->set_warm(warm_ == request->model().fingerprint());
    event.mutable_started()->set_compute_threads(threads);
    warm_ = request->model().fingerprint();
    writer->Write(event);
    for (int step = 1; step <= 3; ++step) {
      event.mutable_progress()->set_step(step);
      event.mutable_progress()->set_seconds_per_step(0.01);
      writer->Write(event);
    }
    if (what == "crash") {
      Pause();
      raise(SIGKILL);
    }
    if (what == "exit") {
      Pause();
      std::_Exit(7);
    }
    if (what == "break") return grpc::Status::OK;
    if (what == "refuse" || what == "lose") {
      event.mutable_failure()->set_reason(what == "refuse" ? "BAD_INPUT" : "DEVICE_LOST");
      writer->Write(event);
      return grpc::Status::OK;
    }
    std::vector<std::string> memory;
    while (what == "wait" || what == "deaf" || what == "grow") {
      if (context->IsCancelled()) return grpc::Status::CANCELLED;
      if (what != "deaf" && stop != v1::STOP_MODE_UNSPECIFIED) return Stopped(stop, *writer);
      if (what == "grow" && memory.size() < 400) memory.emplace_back(1 << 20, 'x');
      Pause();
    }
    event.mutable_training_result()->set_embedding(absl::StrCat("pid ", getpid()));
    event.mutable_training_result()->mutable_report()->set_compute_threads(threads);
    if (what == "report") {
      event.mutable_training_result()->mutable_report()->set_packed_samples(12);
      event.mutable_training_result()->mutable_report()->set_graph_failure("the driver is too old");
    }
    writer->Write(event);
    return grpc::Status::OK;
  }

  grpc::Status Stop(grpc::ServerContext* /*context*/, const v1::StopRankRequest* request,
                    v1::StopRankResponse* /*response*/) override {
    StopOf(request->run()) = request->mode();
    return grpc::Status::OK;
  }

  static int threads;

 private:
  static void Pause() { absl::SleepFor(absl::Milliseconds(5)); }

  // How a run was told to stop.
  std::atomic<int>& StopOf(const v1::RunKey& run) {
    const absl::MutexLock lock(&mutex_);
    return stops_[run.job()];
  }

  static grpc::Status Stopped(int stop, grpc::ServerWriter<v1::RunEvent>& writer) {
    v1::RunEvent event;
    if (stop == v1::STOP_MODE_CHECKPOINT) {
      event.mutable_checkpoint()->set_step(3);
      writer.Write(event);
    }
    event.mutable_stopped();
    writer.Write(event);
    return grpc::Status::OK;
  }

  absl::Mutex mutex_;
  std::map<std::string, std::atomic<int>> stops_ ABSL_GUARDED_BY(mutex_);
  std::string warm_;
};

int FakeRank::threads = 0;

}  // namespace
}  // namespace imprint::trainer

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string socket;
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--socket") == 0) socket = argv[i + 1];
    if (std::strcmp(argv[i], "--threads") == 0 &&
        !absl::SimpleAtoi(argv[i + 1], &imprint::trainer::FakeRank::threads)) {
      return 2;
    }
  }
  imprint::trainer::FakeRank rank;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(imprint::UnixAddress(socket), grpc::InsecureServerCredentials());
  builder.RegisterService(&rank);
  builder.BuildAndStart()->Wait();
}
