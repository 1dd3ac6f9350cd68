// For tests: the gateway's stores, a registry that answers, and what runs say at their end.
#pragma once

#include <functional>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "gateway/dispatch/fake_cluster.h"
#include "gateway/jobs/obstacles.h"
#include "gateway/jobs/store_fixture.h"
#include "gateway/peers/node_table.h"
#include "gateway/peers/registry_client.h"
#include "rpc/channel.h"
#include "services/server/metrics.h"

namespace imprint::gateway {

class DispatchFixture : public StoreFixture {
 protected:
  // Returns whether it holds within 20 seconds, or more if nobody looked in time.
  static bool Eventually(const std::function<bool()>& holds) {
    const absl::Time until = absl::Now() + absl::Seconds(20);
    while (!holds() && absl::Now() < until) absl::SleepFor(absl::Milliseconds(10));
    return holds();
  }

  static v1::RunEvent Failed(const std::string& reason, const std::string& message,
                             bool retryable = true) {
    v1::RunEvent event;
    event.mutable_failure()->set_reason(reason);
    event.mutable_failure()->set_message(message);
    event.mutable_failure()->set_retryable(retryable);
    return event;
  }

  static v1::RunEvent Stopped(bool draining = false) {
    v1::RunEvent event;
    event.mutable_stopped()->set_draining(draining);
    return event;
  }

  static v1::RunEvent Done() {
    v1::RunEvent event;
    event.mutable_rank_done();
    return event;
  }

  // Damages the job's record; MendRecord undoes it.
  void DamageRecord(const std::string& job) { ChangeRecord(job, "'{' || job"); }
  void MendRecord(const std::string& job) { ChangeRecord(job, "substr(job, 2)"); }

  FakeRegistry fake_registry_;
  FakeModels fake_models_;
  Served registry_{{&fake_registry_, &fake_models_}};
  RegistryClient client_{OpenChannel(registry_.address())};
  NodeTable nodes_{[] { return absl::Now(); }, absl::Hours(1)};
  Obstacles obstacles_;
  Metrics metrics_;

 private:
  void ChangeRecord(const std::string& job, const std::string& record) {
    ASSERT_THAT(database_->Write([&](soci::session& sql) -> absl::Status {
      sql << "update jobs set job = " << record << " where id = '" << job << "'";
      return absl::OkStatus();
    }),
                Succeeds());
  }
};

}  // namespace imprint::gateway
