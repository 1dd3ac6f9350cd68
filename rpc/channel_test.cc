#include "rpc/channel.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <imprint/v1/job.grpc.pb.h>

#include "base/status_matchers.h"
#include "rpc/status.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

// One event, then silence until the caller has gone.
class Quiet : public v1::JobService::Service {
 public:
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* /*request*/,
                        grpc::ServerWriter<v1::JobEvent>* writer) override {
    writer->Write(v1::JobEvent());
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    return grpc::Status::CANCELLED;
  }
};

int Listen(uint16_t& port) {
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in here = {};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(here);
  EXPECT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&here), size), 0);
  EXPECT_EQ(listen(listening, 8), 0);
  EXPECT_EQ(getsockname(listening, reinterpret_cast<sockaddr*>(&here), &size), 0);
  port = ntohs(here.sin_port);
  return listening;
}

// A link to a port of this machine that can go silent without being closed, as a host does that is
// paused.
class Link {
 public:
  explicit Link(int to) : listening_(Listen(port_)) {
    accepting_ = std::jthread([this, to] {
      for (int near = 0; (near = accept(listening_, nullptr, nullptr)) >= 0;) {
        const int far = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in there = {};
        there.sin_family = AF_INET;
        there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        there.sin_port = htons(static_cast<uint16_t>(to));
        EXPECT_EQ(connect(far, reinterpret_cast<sockaddr*>(&there), sizeof(there)), 0);
        ends_.push_back(near);
        ends_.push_back(far);
        Pass(near, far);
        Pass(far, near);
      }
    });
  }
  ~Link() {
    shutdown(listening_, SHUT_RDWR);
    accepting_.join();
    for (const int end : ends_) shutdown(end, SHUT_RDWR);
    passing_.clear();
    for (const int end : ends_) close(end);
    close(listening_);
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }
  void GoSilent() { silent_ = true; }

 private:
  void Pass(int from, int to) {
    passing_.emplace_back([this, from, to] {
      std::array<char, 4096> part;
      for (ssize_t got = 0; (got = recv(from, part.data(), part.size(), 0)) > 0;) {
        if (!silent_) send(to, part.data(), static_cast<size_t>(got), MSG_NOSIGNAL);
      }
      shutdown(to, SHUT_RDWR);
    });
  }

  uint16_t port_ = 0;
  int listening_;
  std::atomic<bool> silent_ = false;
  std::vector<int> ends_;
  std::vector<std::jthread> passing_;
  std::jthread accepting_;
};

TEST(OpenChannel, APeerThatStopsOnAQuietStreamIsNoticed) {
  Quiet service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  Link link(port);
  const auto stub = v1::JobService::NewStub(OpenChannel(
      link.address(), {.after = absl::Milliseconds(200), .timeout = absl::Milliseconds(500)}));

  grpc::ClientContext context;
  SetDeadline(context, absl::Minutes(1));
  const auto stream = stub->WatchJob(&context, v1::WatchJobRequest());
  v1::JobEvent event;
  ASSERT_TRUE(stream->Read(&event));
  // Longer than gRPC pings by itself.
  absl::SleepFor(absl::Seconds(2));
  link.GoSilent();
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_THAT(FromGrpc(stream->Finish()), Fails(absl::StatusCode::kUnavailable, HasSubstr("")))
      << "not its deadline";
  server->Shutdown(absl::ToChronoTime(absl::Now()));
}

// A server that is slow to begin HTTP/2 on each connection, as a loaded machine is.
class SlowToGreet {
 public:
  explicit SlowToGreet(absl::Duration delay) : listening_(Listen(port_)) {
    accepting_ = std::jthread([this, delay] {
      for (int end = 0; (end = accept(listening_, nullptr, nullptr)) >= 0;) {
        ends_.push_back(end);
        greeting_.emplace_back([end, delay] {
          absl::SleepFor(delay);
          constexpr std::array<char, 9> kEmptySettings = {0, 0, 0, 4, 0, 0, 0, 0, 0};
          send(end, kEmptySettings.data(), kEmptySettings.size(), MSG_NOSIGNAL);
        });
      }
    });
  }
  ~SlowToGreet() {
    shutdown(listening_, SHUT_RDWR);
    accepting_.join();
    greeting_.clear();
    for (const int end : ends_) close(end);
    close(listening_);
  }
  SlowToGreet(const SlowToGreet&) = delete;
  SlowToGreet& operator=(const SlowToGreet&) = delete;

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  uint16_t port_ = 0;
  int listening_;
  std::vector<int> ends_;
  std::vector<std::jthread> greeting_;
  std::jthread accepting_;
};

TEST(OpenChannel, AServerThatIsSlowToAnswerTheHandshakeIsReached) {
  // Longer than the longest pause between two attempts.
  const SlowToGreet server(absl::Seconds(2));
  const auto channel = OpenChannel(server.address());
  EXPECT_TRUE(channel->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Minutes(1))));
}

}  // namespace
}  // namespace imprint
