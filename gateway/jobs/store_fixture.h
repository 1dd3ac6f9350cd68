// For tests: a real database with all its stores, jobs to put into it, and what runs say of them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "gateway/jobs/event_bell.h"
#include "gateway/jobs/item_plan.h"
#include "gateway/jobs/job_schema.h"
#include "gateway/jobs/job_store.h"
#include "gateway/jobs/run_stores.h"
#include "storage/database.h"

namespace imprint::gateway {

class StoreFixture : public ::testing::Test {
 protected:
  static std::unique_ptr<Database> OpenIn(const ScratchFolder& folder) {
    auto opened = Database::OpenSqlite(folder.path() / "gateway.db", JobMigrations());
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  static NewJob Training(const std::string& id) {
    NewJob created;
    created.job.set_name("jobs/" + id);
    created.job.set_priority(v1::JOB_PRIORITY_NORMAL);
    created.job.set_max_attempts(3);
    created.job.mutable_training()->set_ranks(1);
    created.job.mutable_training()->set_min_ranks(1);
    created.job.mutable_training()->set_token("<rex>");
    created.model.set_fingerprint("f00d");
    created.payload_sha256 = "payload";
    return created;
  }

  // An image set of `items` pictures, in chunks of 32.
  static NewJob ImageSet(const std::string& id, int items) {
    NewJob created = Training(id);
    v1::ImageSetSpec& spec = *created.job.mutable_image_set();
    spec.add_prompts("<rex>");
    for (int i = 0; i < items; ++i) spec.add_seeds(static_cast<uint64_t>(i));
    created.job.set_items_total(ItemCount(spec));
    return created;
  }

  static v1::RunCheckpoint Checkpoint(int64_t step) {
    v1::RunCheckpoint checkpoint;
    checkpoint.set_step(step);
    checkpoint.set_state(std::string("\0\xff state ", 9) + absl::StrCat(step));
    return checkpoint;
  }

  static v1::PictureDrawn Picture(int64_t index) {
    v1::PictureDrawn picture;
    picture.mutable_request()->set_index(index);
    picture.set_sha256("abc");
    return picture;
  }

  v1::Job Create(NewJob created) {
    auto job = jobs_.Create("t", std::move(created));
    EXPECT_TRUE(job.ok()) << job.status();
    return *std::move(job);
  }

  RunLease Lease(const std::string& id, const std::string& node = "n") {
    auto lease = leases_.Lease(id, {node}, absl::Minutes(1));
    EXPECT_TRUE(lease.ok()) << lease.status();
    return *std::move(lease);
  }

  // Its chunk, as a sampler does.
  absl::Status DrawAll(const RunLease& lease) {
    for (int64_t i = 0; i < lease.item_count; ++i) {
      const absl::Status drawn =
          records_.RecordPicture(lease.key, Picture(lease.first_item + i), "imageSets/s");
      if (!drawn.ok()) return drawn;
    }
    return records_.CompleteChunk(lease.key, "imageSets/s");
  }

  std::vector<UnfinishedJob> Unfinished() {
    auto unfinished = endings_.Unfinished();
    EXPECT_TRUE(unfinished.ok()) << unfinished.status();
    return *std::move(unfinished);
  }

  v1::JobState State(const std::string& id) { return jobs_.Get("t", id)->state(); }

  ScratchFolder folder_;
  std::unique_ptr<Database> database_ = OpenIn(folder_);
  EventBell bell_;
  JobStore jobs_{*database_, bell_, {.live_jobs_per_tenant = 5, .live_jobs = 8}};
  RunStores runs_{*database_, bell_};
  WorkQueue& queue_ = runs_.queue;
  Leases& leases_ = runs_.leases;
  RunRecords& records_ = runs_.records;
  JobEndings& endings_ = runs_.endings;
};

}  // namespace imprint::gateway
