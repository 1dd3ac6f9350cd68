#include "services/server/metrics.h"

#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "services/server/process_metrics.h"

namespace imprint {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  metrics.Counter("imprint_x_total", "x", {{"a", "1"}}).Increment();
  metrics.Counter("imprint_x_total", "x", {{"a", "1"}}).Increment();
  metrics.Counter("imprint_x_total", "x", {{"a", "2"}}).Increment();
  EXPECT_THAT(metrics.Text(), HasSubstr("imprint_x_total{a=\"1\"} 2"));
  EXPECT_THAT(metrics.Text(), HasSubstr("imprint_x_total{a=\"2\"} 1"));
}

TEST(Metrics, AnAddressInUseIsAnError) {
  Metrics first;
  ASSERT_OK_AND_ASSIGN(const std::string address, first.Expose("127.0.0.1:0"));
  Metrics second;
  EXPECT_THAT(second.Expose(address),
              Fails(absl::StatusCode::kUnavailable, HasSubstr("metrics-listen")));
}

// A connection to "host:port" that says something and listens to nothing.
class Caller {
 public:
  explicit Caller(const std::string& address, const std::string& words = "")
      : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in there = {};
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port =
        htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&there), sizeof(there)), 0);
    EXPECT_EQ(send(socket_, words.data(), words.size(), MSG_NOSIGNAL), std::ssize(words));
  }
  Caller(Caller&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  Caller& operator=(Caller&&) = delete;
  ~Caller() {
    if (socket_ >= 0) close(socket_);
  }

  // All that comes until the other end closes.
  std::string Answer() const {
    std::string answer;
    char part[4096];
    for (ssize_t got = 0; (got = recv(socket_, part, sizeof(part), 0)) > 0;) {
      answer.append(part, static_cast<size_t>(got));
    }
    return answer;
  }

 private:
  int socket_;
};

std::string Get(const std::string& address, const std::string& path, const char* method = "GET") {
  return Caller(address, absl::StrCat(method, " ", path,
                                      " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
      .Answer();
}

TEST(Metrics, WhoSaysNothingHoldsUpNobody) {
  Metrics metrics;
  metrics.Counter("imprint_x_total", "x").Increment();
  ASSERT_OK_AND_ASSIGN(const std::string address, metrics.Expose("127.0.0.1:0"));
  std::vector<Caller> silent;
  for (int i = 0; i < 40; ++i) silent.emplace_back(address, i % 2 == 0 ? "" : "GET /metrics HT");
  EXPECT_THAT(Get(address, "/metrics"), HasSubstr("imprint_x_total 1"));
}

TEST(Metrics, WhoTakesNothingHoldsUpNobody) {
  Metrics metrics;
  // More than any buffer on the way.
  for (int i = 0; i < 100'000; ++i) {
    metrics.Counter("imprint_x_total", "x", {{"n", std::string(100, 'n') + std::to_string(i)}});
  }
  ASSERT_OK_AND_ASSIGN(const std::string address, metrics.Expose("127.0.0.1:0"));
  std::vector<Caller> deaf;
  for (int i = 0; i < 3; ++i) {
    deaf.emplace_back(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  EXPECT_THAT(Get(address, "/"), HasSubstr("metrics are at /metrics"));
}

TEST(Metrics, AreAtOnePathAndReadOnly) {
  Metrics metrics;
  metrics.Counter("imprint_x_total", "x").Increment();
  ASSERT_OK_AND_ASSIGN(const std::string address, metrics.Expose("127.0.0.1:0"));
  EXPECT_THAT(Get(address, "/metrics"),
              AllOf(HasSubstr("200 OK"), HasSubstr("text/plain; version=0.0.4; charset=utf-8")));
  EXPECT_THAT(Get(address, "/metrics", "HEAD"),
              AllOf(HasSubstr("200 OK"), Not(HasSubstr("imprint_x_total"))));
  EXPECT_THAT(Get(address, "/other"), HasSubstr("404"));
  EXPECT_THAT(Get(address, "/metrics", "DELETE"), HasSubstr("405"));
  metrics.Hide();
}

TEST(Metrics, TellOfTheirProcess) {
  Metrics metrics;
  MeasureProcess(metrics);
  const std::string text = metrics.Text();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_virtual_memory_bytes", "process_open_fds", "process_max_fds",
                           "process_start_time_seconds"}) {
    EXPECT_THAT(text, ContainsRegex(absl::StrCat("\n", name, " [1-9]|\n", name, " 0\\.[0-9]")));
  }
}

}  // namespace
}  // namespace imprint
