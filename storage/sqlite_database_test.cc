#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "storage/database.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;

const std::vector<Migration> kOne = {{1, {"create table t (k varchar(9) primary key, v integer)"}}};

class SqliteDatabaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> Open(const std::vector<Migration>& migrations = kOne) {
    auto opened = Database::OpenSqlite(folder_.path() / "x.db", migrations);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  static absl::Status Put(Database& database, const std::string& key, int value) {
    return database.Write([&](soci::session& sql) -> absl::Status {
      sql << "insert into t (k, v) values (:k, :v)", soci::use(key), soci::use(value);
      return absl::OkStatus();
    });
  }

  static int Count(Database& database) {
    int count = -1;
    EXPECT_TRUE(database
                    .Read([&](soci::session& sql) -> absl::Status {
                      sql << "select count(*) from t", soci::into(count);
                      return absl::OkStatus();
                    })
                    .ok());
    return count;
  }

  ScratchFolder folder_;
};

TEST_F(SqliteDatabaseTest, WhatWasCommittedIsThereAfterOpeningAgain) {
  EXPECT_THAT(Put(*Open(), "a", 1), Succeeds());
  EXPECT_EQ(Count(*Open()), 1);
}

TEST_F(SqliteDatabaseTest, AnErrorRollsBackEverything) {
  const auto database = Open();
  const absl::Status failed = database->Write([&](soci::session& sql) -> absl::Status {
    sql << "insert into t (k, v) values ('a', 1)";
    return absl::AbortedError("no");
  });
  EXPECT_THAT(failed, Fails(absl::StatusCode::kAborted, HasSubstr("no")));
  EXPECT_EQ(Count(*database), 0);
  EXPECT_THAT(Put(*database, "a", 1), Succeeds());
}

TEST_F(SqliteDatabaseTest, AnExceptionRollsBackAndBecomesAStatus) {
  const auto database = Open();
  EXPECT_THAT(Put(*database, "a", 1), Succeeds());
  const absl::Status failed = database->Write([&](soci::session& sql) -> absl::Status {
    sql << "insert into t (k, v) values ('b', 1)";
    sql << "insert into t (k, v) values ('a', 2)";
    return absl::OkStatus();
  });
  EXPECT_THAT(failed, Fails(absl::StatusCode::kAlreadyExists, HasSubstr("t.k")));
  EXPECT_EQ(Count(*database), 1);
}

TEST_F(SqliteDatabaseTest, AFullDiskIsResourceExhaustedAndPasses) {
  const auto database = Open();
  const auto limit = [&](int pages) {
    return database->Write([&](soci::session& sql) -> absl::Status {
      int set = 0;
      sql << "pragma max_page_count=" + std::to_string(pages), soci::into(set);
      return absl::OkStatus();
    });
  };
  EXPECT_THAT(limit(1), Succeeds());
  absl::Status full;
  for (int i = 0; full.ok() && i < 10'000; ++i) full = Put(*database, std::to_string(i), i);
  EXPECT_THAT(full, Fails(absl::StatusCode::kResourceExhausted, HasSubstr("full")));
  EXPECT_THAT(limit(100'000), Succeeds());
  EXPECT_THAT(Put(*database, "again", 1), Succeeds());
}

TEST_F(SqliteDatabaseTest, MigrationsRunOnceInOrder) {
  Open();
  std::vector<Migration> two = kOne;
  two.push_back({2, {"insert into t (k, v) values ('m', 2)"}});
  EXPECT_EQ(Count(*Open(two)), 1);
  EXPECT_EQ(Count(*Open(two)), 1);
  EXPECT_THAT(Database::OpenSqlite(folder_.path() / "x.db", kOne),
              Fails(absl::StatusCode::kFailedPrecondition, HasSubstr("schema version 2")));
}

TEST_F(SqliteDatabaseTest, ThreadsDoNotLoseEachOthersWrites) {
  const auto database = Open();
  EXPECT_THAT(Put(*database, "n", 0), Succeeds());
  std::atomic<int> failures = 0;
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const absl::Status added = database->Write([&](soci::session& sql) -> absl::Status {
          int value = 0;
          sql << "select v from t where k = 'n'", soci::into(value);
          ++value;
          sql << "update t set v = :v where k = 'n'", soci::use(value);
          return absl::OkStatus();
        });
        if (!added.ok() || Count(*database) != 1) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  int value = 0;
  EXPECT_THAT(database->Read([&](soci::session& sql) -> absl::Status {
    sql << "select v from t where k = 'n'", soci::into(value);
    return absl::OkStatus();
  }),
              Succeeds());
  EXPECT_EQ(value, 200);
}

TEST_F(SqliteDatabaseTest, ItsClockIsTheTime) {
  int64_t now = 0;
  EXPECT_THAT(Open()->Read([&](soci::session& sql) -> absl::Status {
    now = DatabaseNowMicros(sql);
    return absl::OkStatus();
  }),
              Succeeds());
  EXPECT_NEAR(static_cast<double>(now), static_cast<double>(absl::ToUnixMicros(absl::Now())), 60e6);
}

}  // namespace
}  // namespace imprint
