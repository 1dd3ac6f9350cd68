// A relational database behind SOCI: SQLite embedded, PostgreSQL on a cluster (later). Statements
// are written in the SQL that both know.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include <soci/soci.h>

namespace imprint {

// One step of a schema's history: applied once, in order, each in a transaction of its own.
struct Migration {
  int version;  // from 1, without gaps
  std::vector<std::string> statements;
};

template <typename Result>
inline constexpr bool kIsStatusOr = false;
template <typename Value>
inline constexpr bool kIsStatusOr<absl::StatusOr<Value>> = true;

// A transaction's body that gives a value: it is called with the session, and returns an
// absl::StatusOr.
template <typename Body>
concept ValueBody = kIsStatusOr<std::invoke_result_t<Body&, soci::session&>>;

// Thread-safe: transactions wait for each other. SQLite runs in WAL mode with synchronous=FULL:
// what was committed survives a crash of the machine. Writes that wait at the same time are
// committed as one, so that a disk is waited for once.
class Database {
 public:
  // Opens or makes the file, which is its owner's alone, checks that it is whole (SQLite's
  // quick_check) and brings its schema to the newest migration. A damaged file opens, too, so that
  // a server can say so: every transaction and Check then give DATA_LOSS. FAILED_PRECONDITION if
  // the file's schema is newer than the migrations; other errors name the file.
  static absl::StatusOr<std::unique_ptr<Database>> OpenSqlite(
      const std::filesystem::path& file, const std::vector<Migration>& migrations);

  virtual ~Database() = default;

  // Runs `body` in one transaction that takes the write lock at once: commits if it returns OK,
  // rolls back if it returns an error or throws. SOCI's exceptions become a Status that holds
  // neither statements nor values: RESOURCE_EXHAUSTED for a full disk, ALREADY_EXISTS for a
  // violated uniqueness, UNAVAILABLE for a lock that is held too long, DATA_LOSS for a damaged
  // file, which is not touched again, INTERNAL otherwise; Diagnosed (base/error_notes.h) says more
  // of it. `body` must not keep the session, and must not call Write or Read. It may be run on
  // another thread that writes at the same time, and sees what earlier ones of those have written.
  virtual absl::Status Write(const std::function<absl::Status(soci::session&)>& body) = 0;

  // Does the same for statements that only read; they do not wait for writers and see a consistent
  // snapshot.
  virtual absl::Status Read(const std::function<absl::Status(soci::session&)>& body) = 0;

  // Does the same for a body that gives a value. It is dropped if the transaction cannot be
  // committed after all: whoever has a value may rely on what was written.
  template <ValueBody Body>
  std::invoke_result_t<Body&, soci::session&> Write(Body body) {
    return ValueOf(body, [this](const auto& transaction) { return this->Write(transaction); });
  }
  template <ValueBody Body>
  std::invoke_result_t<Body&, soci::session&> Read(Body body) {
    return ValueOf(body, [this](const auto& transaction) { return this->Read(transaction); });
  }

  // Checks that the database answers just now. DATA_LOSS once it was seen to be damaged.
  absl::Status Check();

  // Returns what SQLite's integrity_check finds wrong with the whole file, at most a hundred lines;
  // reads all of it.
  virtual absl::StatusOr<std::vector<std::string>> FindFaults() = 0;

 private:
  template <typename Body, typename Run>
  static std::invoke_result_t<Body&, soci::session&> ValueOf(Body& body, const Run& run) {
    std::invoke_result_t<Body&, soci::session&> value;
    absl::Status done = run([&](soci::session& sql) -> absl::Status {
      value = body(sql);
      return value.status();
    });
    if (!done.ok()) return done;
    return value;
  }
};

// Returns the database's clock, in microseconds since 1970: leases run on it alone.
int64_t DatabaseNowMicros(soci::session& session);

}  // namespace imprint
