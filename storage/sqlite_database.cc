#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include <soci/sqlite3/soci-sqlite3.h>

#include "base/error_notes.h"
#include "base/field_error.h"
#include "base/percent_encoding.h"
#include "base/private_path.h"
#include "base/status_macros.h"
#include "storage/database.h"
#include "storage/sqlite_error.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

// How long a transaction waits for another process's lock.
constexpr int kBusyMilliseconds = 10'000;
constexpr size_t kReaders = 4;
// The most transactions that are committed as one.
constexpr size_t kMostTogether = 64;
// The most faults that are listed of a damaged file.
constexpr int kMostFaults = 100;

// Must come before any connection. From then on SQLite takes file names as URIs.
absl::Status TakeUris() {
  static std::once_flag once;
  static int result = SQLITE_OK;
  std::call_once(once, [] { result = sqlite_api::sqlite3_config(SQLITE_CONFIG_URI, 1); });
  if (result == SQLITE_OK || sqlite_api::sqlite3_compileoption_used("USE_URI") != 0)
    return absl::OkStatus();
  return absl::InternalError("database: SQLite is in use already and takes no URIs");
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
  explicit SqliteDatabase(fs::path file) : file_(std::move(file)) {}

  // OK for a damaged file, too: every transaction then says so.
  absl::Status Open(const std::vector<Migration>& migrations) {
    RETURN_IF_ERROR(TakeUris());
    RETURN_IF_ERROR(MakeFilesPrivate());
    absl::Status opened = Connect();
    if (opened.ok()) opened = QuickCheck();
    if (opened.ok()) opened = Migrate(migrations);
    return Damage().ok() ? opened : absl::OkStatus();
  }

  // SQLite has one writer at a time, and makes each commit durable by itself, which takes longer
  // than most bodies do. So those that wait meanwhile are written together: the first of them runs
  // all, in their order, and commits once.
  absl::Status Write(const std::function<absl::Status(soci::session&)>& body) override {
    Waiting mine = {.body = &body};
    std::vector<Waiting*> group;
    {
      const auto may_go_on = [&]() ABSL_SHARED_LOCKS_REQUIRED(queueing_) {
        return mine.is_done || !has_leader_;
      };
      const absl::MutexLock lock(&queueing_);
      queue_.push_back(&mine);
      queueing_.Await(absl::Condition(&may_go_on));
      if (mine.is_done) return mine.status;
      has_leader_ = true;
      const size_t most = std::min(queue_.size(), kMostTogether);
      group.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(most));
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(most));
    }
    WriteTogether(group);
    const absl::MutexLock lock(&queueing_);
    for (Waiting* each : group) each->is_done = true;
    has_leader_ = false;
    return mine.status;
  }

  absl::Status Read(const std::function<absl::Status(soci::session&)>& body) override {
    return WithReader([&](soci::session& session) -> absl::Status {
      Transaction transaction(session, "begin");
      RETURN_IF_ERROR(body(session));
      transaction.Commit();
      return absl::OkStatus();
    });
  }

  absl::StatusOr<std::vector<std::string>> FindFaults() override {
    std::vector<std::string> faults;
    const absl::Status looked = WithReaderOfWhateverState([&](soci::session& session) {
      std::string line;
      soci::statement lines =
          (session.prepare << absl::StrCat("pragma integrity_check(", kMostFaults, ")"),
           soci::into(line));
      lines.execute();
      while (lines.fetch()) faults.push_back(line);
      return absl::OkStatus();
    });
    if (absl::IsDataLoss(looked)) {
      faults.push_back(Diagnosed(looked));
      return faults;
    }
    RETURN_IF_ERROR(looked);
    if (faults.size() == 1 && faults.front() == "ok") faults.clear();
    return faults;
  }

 private:
  // A body that is to be run, and what came of it.
  struct Waiting {
    const std::function<absl::Status(soci::session&)>* body = nullptr;
    absl::Status status;
    bool is_done = false;
  };

  // Each body has a savepoint of its own, to which it is rolled back if it fails. If the
  // transaction cannot be committed, none of them was written.
  void WriteTogether(const std::vector<Waiting*>& group) {
    const absl::MutexLock lock(&writing_);
    const absl::Status committed = Run([&]() -> absl::Status {
      Transaction transaction(writer_, "begin immediate");
      for (Waiting* each : group) {
        each->status = group.size() == 1 ? (*each->body)(writer_) : WriteOne(*each);
        if (group.size() == 1) RETURN_IF_ERROR(each->status);
      }
      transaction.Commit();
      return absl::OkStatus();
    });
    if (committed.ok()) return;
    for (Waiting* each : group) {
      if (each->status.ok()) each->status = committed;
    }
  }

  // Throws if SQLite has rolled back the whole transaction, as it does when the disk is full.
  absl::Status WriteOne(const Waiting& each) ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_) {
    writer_ << "savepoint one";
    absl::Status status;
    std::exception_ptr thrown;
    try {
      status = (*each.body)(writer_);
    } catch (const std::exception& error) {
      thrown = std::current_exception();
      status = FromSqliteError(error);
      if (absl::IsDataLoss(status)) NoteDamage(status);
    }
    if (thrown != nullptr && !IsInTransaction()) std::rethrow_exception(thrown);
    if (!status.ok()) writer_ << "rollback to one";
    writer_ << "release one";
    return status;
  }

  bool IsInTransaction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_) {
    const auto& backend = static_cast<soci::sqlite3_session_backend&>(*writer_.get_backend());
    return sqlite_api::sqlite3_get_autocommit(backend.conn_) == 0;
  }

  // Once the file is known to be damaged, nothing is tried on it any more.
  absl::Status Run(const std::function<absl::Status()>& body) {
    RETURN_IF_ERROR(Damage());
    return Try(body);
  }

  absl::Status Try(const std::function<absl::Status()>& body) {
    try {
      return body();
    } catch (const std::exception& error) {
      absl::Status status = FromSqliteError(error);
      if (absl::IsDataLoss(status)) NoteDamage(status);
      return status;
    }
  }

  absl::Status WithReader(const std::function<absl::Status(soci::session&)>& body) {
    RETURN_IF_ERROR(Damage());
    return WithReaderOfWhateverState(body);
  }

  // Also for a damaged file, which whoever looks for its faults has to read.
  absl::Status WithReaderOfWhateverState(const std::function<absl::Status(soci::session&)>& body) {
    std::unique_ptr<soci::session> session = TakeReader();
    if (session == nullptr) return Damage();
    absl::Status status = Try([&] { return body(*session); });
    const absl::MutexLock lock(&reading_);
    idle_.push_back(std::move(session));
    return status;
  }

  absl::Status Damage() const {
    const absl::MutexLock lock(&damaging_);
    return damage_;
  }

  void NoteDamage(const absl::Status& status) {
    const absl::MutexLock lock(&damaging_);
    damage_ = status;
  }

  // Logs of an earlier run are made private, too; a new one gets the rights of its database from
  // SQLite.
  absl::Status MakeFilesPrivate() const {
    RETURN_IF_ERROR(MakePrivateFile(file_));
    for (const char* log : {"-wal", "-shm"}) {
      const fs::path beside = absl::StrCat(file_.string(), log);
      std::error_code ignored;
      if (fs::exists(beside, ignored)) RETURN_IF_ERROR(MakePrivateFile(beside));
    }
    return absl::OkStatus();
  }

  absl::Status Connect() {
    const absl::MutexLock lock(&writing_);
    return Run([&]() -> absl::Status {
      RETURN_IF_ERROR(Connect(writer_));
      for (size_t i = 0; i < kReaders; ++i) {
        auto reader = std::make_unique<soci::session>();
        RETURN_IF_ERROR(Connect(*reader));
        const absl::MutexLock reading(&reading_);
        idle_.push_back(std::move(reader));
        connected_ = true;
      }
      return absl::OkStatus();
    });
  }

  absl::Status Connect(soci::session& session) const {
    // SOCI takes its string apart at spaces, quotes and equals signs: a URI has none of them.
    session.open(soci::sqlite3,
                 absl::StrCat("db=file://", PercentEncoded(fs::absolute(file_)), " timeout=10"));
    RETURN_IF_ERROR(CheckPlace(session));
    session << absl::StrCat("pragma busy_timeout=", kBusyMilliseconds);
    std::string mode;
    session << "pragma journal_mode=wal", soci::into(mode);
    session << "pragma synchronous=full";
    session << "pragma foreign_keys=on";
    return absl::OkStatus();
  }

  // Whatever SOCI and SQLite make of the path on its way, what was opened must be the file.
  absl::Status CheckPlace(soci::session& session) const {
    const auto& backend = static_cast<soci::sqlite3_session_backend&>(*session.get_backend());
    const char* opened = sqlite_api::sqlite3_db_filename(backend.conn_, "main");
    std::error_code ignored;
    if (opened != nullptr && fs::equivalent(opened, file_, ignored)) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("SQLite opened ", opened == nullptr ? "nothing" : opened));
  }

  absl::Status QuickCheck() {
    std::string found;
    RETURN_IF_ERROR(WithReader([&](soci::session& session) -> absl::Status {
      session << "pragma quick_check(1)", soci::into(found);
      return absl::OkStatus();
    }));
    if (found != "ok") NoteDamage(DamagedDatabase(found));
    return Damage();
  }

  // Waits for an idle reader. Returns none if not even the first could be made.
  std::unique_ptr<soci::session> TakeReader() {
    const auto some_idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(reading_) {
      return !idle_.empty() || !connected_;
    };
    const absl::MutexLock lock(&reading_, absl::Condition(&some_idle));
    if (!connected_) return nullptr;
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

  const fs::path file_;
  mutable absl::Mutex damaging_;
  absl::Status damage_ ABSL_GUARDED_BY(damaging_);
  absl::Mutex queueing_;
  std::vector<Waiting*> queue_ ABSL_GUARDED_BY(queueing_);
  // Whether a thread is writing what waited.
  bool has_leader_ ABSL_GUARDED_BY(queueing_) = false;
  absl::Mutex writing_;
  soci::session writer_ ABSL_GUARDED_BY(writing_);
  absl::Mutex reading_;
  std::vector<std::unique_ptr<soci::session>> idle_ ABSL_GUARDED_BY(reading_);
  bool connected_ ABSL_GUARDED_BY(reading_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::OpenSqlite(
    const fs::path& file, const std::vector<Migration>& migrations) {
  auto database = std::make_unique<SqliteDatabase>(file);
  const absl::Status opened = database->Open(migrations);
  if (!opened.ok()) return InContext(file.string(), opened);
  return std::unique_ptr<Database>(std::move(database));
}

int64_t DatabaseNowMicros(soci::session& session) {
  double milliseconds = 0;
  // SQLite's clock has whole milliseconds, and a double of days is exact to 40 µs.
  session << "select (julianday('now') - 2440587.5) * 86400000.0", soci::into(milliseconds);
  return int64_t{std::llround(milliseconds)} * 1000;
}

}  // namespace imprint
