#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/status_macros.h"
#include "storage/database.h"

namespace imprint {
namespace {

// How long a transaction waits for another process's lock.
constexpr int kBusyMilliseconds = 10'000;
constexpr size_t kReaders = 4;

// By what SQLite says: SOCI's exceptions carry its text, and its code only in a subclass.
absl::Status StatusOf(const std::exception& error) {
  const std::string text = absl::StrCat("database: ", error.what());
  // A disk without room shows itself as either.
  if (absl::StrContains(text, "disk is full") || absl::StrContains(text, "disk I/O error")) {
    return absl::ResourceExhaustedError(
        absl::StrCat("database: the disk is full, or fails (", error.what(), ")"));
  }
  if (absl::StrContains(text, "UNIQUE constraint") || absl::StrContains(text, "PRIMARY KEY")) {
    return absl::AlreadyExistsError(text);
  }
  if (absl::StrContains(text, "is locked") || absl::StrContains(text, "busy")) {
    return absl::UnavailableError(text);
  }
  return absl::InternalError(text);
}

absl::Status Guarded(const std::function<absl::Status()>& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    return StatusOf(error);
  }
}

// Rolls back unless it was committed. SOCI's own transaction begins as a reader, which can then
// fail to become a writer; this one is a writer from the start.
class Transaction {
 public:
  Transaction(soci::session& session, const char* begin) : session_(session) { session_ << begin; }
  ~Transaction() {
    if (done_) return;
    try {
      session_ << "rollback";
    } catch (const std::exception&) {
      // SQLite has rolled back already, as it does when the disk is full.
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void Commit() {
    session_ << "commit";
    done_ = true;
  }

 private:
  soci::session& session_;
  bool done_ = false;
};

class SqliteDatabase : public Database {
 public:
  explicit SqliteDatabase(std::filesystem::path file) : file_(std::move(file)) {}

  absl::Status Open(const std::vector<Migration>& migrations) {
    RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      Connect(writer_);
      for (size_t i = 0; i < kReaders; ++i) Connect(*idle_.emplace_back(NewSession()));
      return absl::OkStatus();
    }));
    return Migrate(migrations);
  }

  absl::Status Write(const std::function<absl::Status(soci::session&)>& body) override {
    const absl::MutexLock lock(&writing_);
    return Guarded([&]() -> absl::Status {
      Transaction transaction(writer_, "begin immediate");
      RETURN_IF_ERROR(body(writer_));
      transaction.Commit();
      return absl::OkStatus();
    });
  }

  absl::Status Read(const std::function<absl::Status(soci::session&)>& body) override {
    std::unique_ptr<soci::session> session = TakeReader();
    absl::Status status = Guarded([&]() -> absl::Status {
      Transaction transaction(*session, "begin");
      RETURN_IF_ERROR(body(*session));
      transaction.Commit();
      return absl::OkStatus();
    });
    const absl::MutexLock lock(&reading_);
    idle_.push_back(std::move(session));
    return status;
  }

 private:
  static std::unique_ptr<soci::session> NewSession() { return std::make_unique<soci::session>(); }

  void Connect(soci::session& session) const {
    session.open(soci::sqlite3, absl::StrCat("db=", file_.string(), " timeout=10"));
    session << absl::StrCat("pragma busy_timeout=", kBusyMilliseconds);
    std::string mode;
    session << "pragma journal_mode=wal", soci::into(mode);
    session << "pragma synchronous=full";
    session << "pragma foreign_keys=on";
  }

  std::unique_ptr<soci::session> TakeReader() {
    const auto some_idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(reading_) { return !idle_.empty(); };
    const absl::MutexLock lock(&reading_, absl::Condition(&some_idle));
    std::unique_ptr<soci::session> session = std::move(idle_.back());
    idle_.pop_back();
    return session;
  }

  absl::Status Migrate(const std::vector<Migration>& migrations) {
    int version = 0;
    RETURN_IF_ERROR(Write([&](soci::session& sql) -> absl::Status {
      sql << "create table if not exists schema_version (version integer not null)";
      sql << "select coalesce(max(version), 0) from schema_version", soci::into(version);
      return absl::OkStatus();
    }));
    const int newest = migrations.empty() ? 0 : migrations.back().version;
    if (version > newest) {
      return absl::FailedPreconditionError(
          absl::StrCat("database: ", file_.string(), " has schema version ", version,
                       "; this program knows ", newest, ": use a newer one"));
    }
    for (const Migration& migration : migrations) {
      if (migration.version <= version) continue;
      RETURN_IF_ERROR(Write([&](soci::session& sql) -> absl::Status {
        for (const std::string& statement : migration.statements) sql << statement;
        sql << "insert into schema_version (version) values (:v)", soci::use(migration.version);
        return absl::OkStatus();
      }));
    }
    return absl::OkStatus();
  }

  std::filesystem::path file_;
  absl::Mutex writing_;
  soci::session writer_ ABSL_GUARDED_BY(writing_);
  absl::Mutex reading_;
  std::vector<std::unique_ptr<soci::session>> idle_ ABSL_GUARDED_BY(reading_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::OpenSqlite(
    const std::filesystem::path& file, const std::vector<Migration>& migrations) {
  auto database = std::make_unique<SqliteDatabase>(file);
  const absl::Status opened = database->Open(migrations);
  if (!opened.ok()) {
    return absl::Status(opened.code(), absl::StrCat(file.string(), ": ", opened.message()));
  }
  return std::unique_ptr<Database>(std::move(database));
}

int64_t DatabaseNowMicros(soci::session& session) {
  double milliseconds = 0;
  session << "select (julianday('now') - 2440587.5) * 86400000.0", soci::into(milliseconds);
  return static_cast<int64_t>(milliseconds) * 1000;
}

}  // namespace imprint
