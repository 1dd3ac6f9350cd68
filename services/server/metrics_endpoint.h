// Serves GET /metrics over HTTP, for Prometheus. Private to services/server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

struct MHD_Daemon;

namespace imprint {

// One thread serves all connections as they become ready, so that a client which sends or reads
// nothing holds up nobody. A connection is closed when it is silent for 5 seconds or open for 30;
// at most 64 connections per address and 256 in all may be open. Thread-safe.
class MetricsEndpoint {
 public:
  // Listens at "host:port" (port 0: any). `text` returns what a scrape reads; it is called from one
  // thread at a time. Returns UNAVAILABLE naming metrics-listen if the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& address,
                                                                std::function<std::string()> text);
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // The address that was bound, such as "127.0.0.1:9090".
  const std::string& address() const { return address_; }
  std::string Text() const { return text_(); }

 private:
  class Connections;

  explicit MetricsEndpoint(std::function<std::string()> text);

  const std::function<std::string()> text_;
  const std::unique_ptr<Connections> connections_;
  std::string address_;
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace imprint
