#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_notes.h"
#include "base/private_path.h"
#include "base/scratch_folder.h"
#include "base/status_matchers.h"
#include "storage/database.h"

namespace imprint {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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
  EXPECT_THAT(failed, Fails(absl::StatusCode::kAlreadyExists, HasSubstr("this key")));
  EXPECT_EQ(Count(*database), 1);
}

TEST_F(SqliteDatabaseTest, ATransactionGivesItsBodysValue) {
  const auto database = Open();
  const auto written = database->Write([](soci::session& sql) -> absl::StatusOr<std::string> {
    sql << "insert into t (k, v) values ('a', 1)";
    return "a";
  });
  EXPECT_THAT(written, Succeeds());
  EXPECT_EQ(*written, "a");
  const auto read = database->Read([](soci::session& sql) -> absl::StatusOr<int> {
    int value = 0;
    sql << "select v from t where k = 'a'", soci::into(value);
    return value;
  });
  EXPECT_THAT(read, Succeeds());
  EXPECT_EQ(*read, 1);
}

TEST_F(SqliteDatabaseTest, ABodyWithoutAValueRollsBackEverything) {
  const auto database = Open();
  const auto failed = database->Write([](soci::session& sql) -> absl::StatusOr<int> {
    sql << "insert into t (k, v) values ('a', 1)";
    return absl::AbortedError("no");
  });
  EXPECT_THAT(failed, Fails(absl::StatusCode::kAborted, HasSubstr("no")));
  EXPECT_EQ(Count(*database), 0);
  EXPECT_THAT(database->Read([](soci::session& sql) -> absl::StatusOr<int> {
    sql << "select v from nowhere";
    return 1;
  }),
              Fails(absl::StatusCode::kInternal, HasSubstr("SQLite error 1")));
}

TEST_F(SqliteDatabaseTest, AValueThatCouldNotBeCommittedIsDropped) {
  // What it refers to is looked for only when the transaction is committed.
  const auto database = Open({{1,
                               {"create table t (k varchar(9) primary key, v integer)",
                                "create table child (k varchar(9) references t (k)"
                                " deferrable initially deferred)"}}});
  bool inserted = false;
  const auto failed = database->Write([&](soci::session& sql) -> absl::StatusOr<int> {
    sql << "insert into t (k, v) values ('a', 1)";
    sql << "insert into child (k) values ('nobody')";
    inserted = true;
    return 1;
  });
  EXPECT_TRUE(inserted);
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(Count(*database), 0);
  EXPECT_THAT(Put(*database, "a", 1), Succeeds());
}

TEST_F(SqliteDatabaseTest, ErrorsHoldNeitherStatementsNorValues) {
  const auto database = Open();
  const std::string secret = "s3cret";
  for (const char* statement : {"insert into nowhere (k) values (:k)",
                                "insert into t (k, v, w) values (:k, 1, 1)", "selekt :k"}) {
    const absl::Status failed = database->Write([&](soci::session& sql) -> absl::Status {
      sql << statement, soci::use(secret, "k");
      return absl::OkStatus();
    });
    EXPECT_THAT(failed, Fails(absl::StatusCode::kInternal, HasSubstr("SQLite error 1")));
    EXPECT_THAT(Diagnosed(failed), Not(HasSubstr(secret)));
    EXPECT_THAT(failed.message(), Not(HasSubstr("nowhere")));
    EXPECT_NE(DiagnosisOf(failed), "");
  }
  EXPECT_THAT(Put(*database, secret, 1), Succeeds());
  EXPECT_THAT(Diagnosed(Put(*database, secret, 1)), Not(HasSubstr(secret)));
}

TEST_F(SqliteDatabaseTest, AnyPathIsTheFilesPath) {
  int number = 0;
  for (const char* name :
       {"a b", "a'b\"c", "a=b timeout=1", "100%41", "q?mode=memory#x", "ä€", "a;b", " a", "db=x"}) {
    const std::filesystem::path folder = folder_.path() / name;
    std::filesystem::create_directory(folder);
    {
      auto opened = Database::OpenSqlite(folder / "x y.db", kOne);
      ASSERT_TRUE(opened.ok()) << name << opened.status();
      EXPECT_THAT(Put(**opened, "k", ++number), Succeeds());
    }
    EXPECT_TRUE(std::filesystem::exists(folder / "x y.db")) << name;
    auto again = Database::OpenSqlite(folder / "x y.db", kOne);
    ASSERT_TRUE(again.ok()) << name << again.status();
    EXPECT_EQ(Count(**again), 1) << name;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_TRUE(entry.is_directory()) << entry.path() << " was made beside the folders";
  }
}

TEST_F(SqliteDatabaseTest, ItsFilesAreTheOwnersAlone) {
  const auto before = umask(0);
  const auto database = Open();
  EXPECT_THAT(Put(*database, "a", 1), Succeeds());
  umask(before);
  EXPECT_THAT(OpenToOthers(folder_.path() / "x.db"), IsEmpty());
  EXPECT_THAT(OpenToOthers(folder_.path() / "x.db-wal"), IsEmpty());
  EXPECT_THAT(OpenToOthers(folder_.path() / "x.db-shm"), IsEmpty());
}

// Writes over one of its pages.
void Damage(const std::filesystem::path& file, int page) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(4096 * page);
  stream << std::string(4096, 'x');
}

TEST_F(SqliteDatabaseTest, ADamagedOneOpensAndSaysSo) {
  {
    const auto database = Open();
    for (int i = 0; i < 300; ++i) EXPECT_THAT(Put(*database, std::to_string(i), i), Succeeds());
    EXPECT_THAT(database->Check(), Succeeds());
    ASSERT_OK_AND_ASSIGN(const auto faults, database->FindFaults());
    EXPECT_THAT(faults, IsEmpty());
  }
  const std::filesystem::path file = folder_.path() / "x.db";
  for (const int page : {3, 0}) {
    Damage(file, page);
    const auto database = Open();
    EXPECT_THAT(database->Check(), Fails(absl::StatusCode::kDataLoss, HasSubstr("damaged")));
    EXPECT_THAT(Put(*database, "new", 1), Fails(absl::StatusCode::kDataLoss, HasSubstr("fsck")));
    ASSERT_OK_AND_ASSIGN(const auto faults, database->FindFaults());
    EXPECT_THAT(faults, Not(IsEmpty()));
  }
}

TEST_F(SqliteDatabaseTest, DamageThatIsMetLaterIsRemembered) {
  {
    const auto database = Open();
    for (int i = 0; i < 300; ++i) EXPECT_THAT(Put(*database, std::to_string(i), i), Succeeds());
  }
  const auto database = Open();
  EXPECT_THAT(database->Check(), Succeeds());
  for (int page = 1; page < 6; ++page) Damage(folder_.path() / "x.db", page);
  // By the one connection that has not read those pages yet.
  EXPECT_THAT(Put(*database, "new", 1), Fails(absl::StatusCode::kDataLoss, HasSubstr("damaged")));
  EXPECT_THAT(database->Check(), Fails(absl::StatusCode::kDataLoss, HasSubstr("damaged")));
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

// While a body holds the writer, others come and are written together.
class TogetherTest : public SqliteDatabaseTest {
 protected:
  // Runs all bodies as one group, and returns their statuses in order.
  static std::vector<absl::Status> WriteTogether(
      Database& database, const std::vector<std::function<absl::Status(soci::session&)>>& bodies) {
    std::vector<absl::Status> statuses(bodies.size());
    std::vector<std::thread> threads;
    std::atomic<size_t> begun = 0;
    const absl::Status held = database.Write([&](soci::session&) -> absl::Status {
      for (size_t i = 0; i < bodies.size(); ++i) {
        threads.emplace_back([&, i] {
          ++begun;
          statuses[i] = database.Write(bodies[i]);
        });
        // In this order, as far as threads can be told.
        while (begun <= i) std::this_thread::yield();
        absl::SleepFor(absl::Milliseconds(20));
      }
      return absl::OkStatus();
    });
    EXPECT_THAT(held, Succeeds());
    for (std::thread& thread : threads) thread.join();
    return statuses;
  }

  static absl::Status Insert(soci::session& sql, const std::string& key) {
    sql << "insert into t (k, v) values (:k, 1)", soci::use(key);
    return absl::OkStatus();
  }
};

TEST_F(TogetherTest, OneThatFailsLeavesTheOthersAsTheyAre) {
  const auto database = Open();
  const auto statuses =
      WriteTogether(*database, {[](soci::session& sql) { return Insert(sql, "a"); },
                                [](soci::session& sql) -> absl::Status {
                                  (void)Insert(sql, "b");
                                  return absl::AbortedError("changed its mind");
                                },
                                // The same key again: SOCI throws.
                                [](soci::session& sql) { return Insert(sql, "a"); },
                                [](soci::session& sql) { return Insert(sql, "c"); }});
  EXPECT_THAT(statuses[0], Succeeds());
  EXPECT_TRUE(absl::IsAborted(statuses[1])) << statuses[1];
  EXPECT_TRUE(absl::IsAlreadyExists(statuses[2])) << statuses[2];
  EXPECT_THAT(statuses[3], Succeeds());
  EXPECT_EQ(Count(*database), 2);
  EXPECT_EQ(Count(*Open()), 2) << "and so it is on the disk";
}

TEST_F(TogetherTest, ALaterOneSeesWhatAnEarlierOneWrote) {
  const auto database = Open();
  int seen = -1;
  const auto statuses =
      WriteTogether(*database, {[](soci::session& sql) { return Insert(sql, "a"); },
                                [&](soci::session& sql) -> absl::Status {
                                  sql << "select count(*) from t", soci::into(seen);
                                  return Insert(sql, "b");
                                }});
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(Count(*database), 2);
}

TEST_F(TogetherTest, NoneWasWrittenIfTheTransactionIsGone) {
  const auto database = Open();
  const auto statuses =
      WriteTogether(*database, {[](soci::session& sql) { return Insert(sql, "a"); },
                                // As SQLite does by itself when the disk is full.
                                [](soci::session& sql) -> absl::Status {
                                  sql << "rollback";
                                  throw soci::soci_error("the disk went away");
                                },
                                [](soci::session& sql) { return Insert(sql, "c"); }});
  for (const absl::Status& status : statuses) EXPECT_FALSE(status.ok());
  EXPECT_EQ(Count(*database), 0);
  EXPECT_THAT(Put(*database, "d", 1), Succeeds()) << "the next ones go on";
}

TEST_F(TogetherTest, ManyThreadsWriteAllThatTheySay) {
  const auto database = Open();
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        // Every fifth key is another thread's, too.
        const std::string key = i % 5 == 0 ? absl::StrCat("s", i) : absl::StrCat(thread, "-", i);
        if (!Put(*database, key, i).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Count(*database), 8 * 40 + 10);
  EXPECT_EQ(failed, 7 * 10);
}

}  // namespace
}  // namespace imprint
