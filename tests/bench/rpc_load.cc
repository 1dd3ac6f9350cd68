// Load for the benchmark `rpc`: calls a gateway as fast as it answers, and says how long that took.
//   rpc_load SERVER get JOB COUNT THREADS
//   rpc_load SERVER create SPEC_FILE COUNT THREADS     (SPEC_FILE: a TrainingSpec in binary)
//   rpc_load SERVER watch JOB COUNT THREADS            (COUNT times the whole history)
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <imprint/v1/job.grpc.pb.h>

#include "rpc/channel.h"
#include "rpc/unary.h"

namespace imprint {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(60);

using Call = std::function<absl::Status(v1::JobService::Stub&, int64_t& events)>;

Call Get(const std::string& job) {
  return [job](v1::JobService::Stub& stub, int64_t&) {
    v1::GetJobRequest request;
    request.set_name(job);
    return CallUnary(stub, &v1::JobService::Stub::GetJob, request, kTimeout).status();
  };
}

Call Create(const std::string& spec_file) {
  std::ifstream file(spec_file, std::ios::binary);
  v1::CreateTrainingJobRequest request;
  request.mutable_spec()->ParseFromString({std::istreambuf_iterator<char>(file), {}});
  return [request](v1::JobService::Stub& stub, int64_t&) {
    return CallUnary(stub, &v1::JobService::Stub::CreateTrainingJob, request, kTimeout).status();
  };
}

Call Watch(const std::string& job) {
  return [job](v1::JobService::Stub& stub, int64_t& events) {
    grpc::ClientContext context;
    SetDeadline(context, kTimeout);
    v1::WatchJobRequest request;
    request.set_name(job);
    const auto stream = stub.WatchJob(&context, request);
    v1::JobEvent event;
    while (stream->Read(&event)) ++events;
    return FromGrpc(stream->Finish());
  };
}

int Run(const std::string& server, const Call& call, int64_t count, int threads) {
  std::atomic<int64_t> left = count;
  std::atomic<int64_t> events = 0;
  std::atomic<int64_t> failed = 0;
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> workers;
  workers.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      const auto stub = v1::JobService::NewStub(OpenChannel(server));
      int64_t seen = 0;
      while (left-- > 0) {
        if (!call(*stub, seen).ok()) ++failed;
      }
      events += seen;
    });
  }
  for (std::thread& worker : workers) worker.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::cout << "{\"seconds\": " << took.count() << ", \"calls\": " << count
            << ", \"events\": " << events << ", \"failed\": " << failed << "}\n";
  return 0;
}

int Main(const std::vector<std::string>& words) {
  if (words.size() != 6) {
    std::cerr << "usage: rpc_load SERVER get|create|watch JOB|SPEC_FILE COUNT THREADS\n";
    return 2;
  }
  const std::string& mode = words[2];
  const Call call = mode == "get"      ? Get(words[3])
                    : mode == "create" ? Create(words[3])
                                       : Watch(words[3]);
  return Run(words[1], call, std::atoll(words[4].c_str()), std::atoi(words[5].c_str()));
}

}  // namespace
}  // namespace imprint

int main(int argc, char** argv) { return imprint::Main({argv, argv + argc}); }
