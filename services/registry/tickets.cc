#include "services/registry/tickets.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "rpc/status.h"
#include "services/registry/lineage.h"
#include "services/registry/resource_row.h"

namespace imprint::registry {
namespace {

constexpr int64_t kLongestSeconds = 3600;
constexpr size_t kMaxTokenBytes = 200;

// 256 bits from the system's generator.
std::string NewToken() {
  std::random_device random;
  std::string token;
  for (int i = 0; i < 8; ++i) absl::StrAppendFormat(&token, "%08x", random());
  return token;
}

absl::Status CheckRun(const v1::RunKey& run) {
  RETURN_IF_ERROR(ParseResourceName("run.job", run.job(), "jobs/*").status());
  if (run.attempt() >= 1) return absl::OkStatus();
  return FieldError("run.attempt", absl::StrCat(run.attempt()), "1 or more");
}

absl::Status CheckLifetime(int64_t seconds) {
  if (seconds >= 1 && seconds <= kLongestSeconds) return absl::OkStatus();
  return FieldError("lifetime_seconds", absl::StrCat(seconds),
                    absl::StrCat("1 to ", kLongestSeconds));
}

}  // namespace

bool IsRevoked(soci::session& sql, const std::string& job) {
  int revoked = 0;
  sql << "select count(*) from revoked_jobs where job = :j", soci::use(job), soci::into(revoked);
  return revoked > 0;
}

absl::StatusOr<v1::IssueTicketResponse> Tickets::Issue(const v1::IssueTicketRequest& request) {
  const v1::RunKey& run = request.run();
  RETURN_IF_ERROR(CheckRun(run));
  if (request.reference_set().empty() == request.image_set().empty()) {
    return FieldError("reference_set", Quoted(request.reference_set()),
                      "either a reference set or an image set");
  }
  std::string reference_set;
  std::string image_set;
  if (!request.reference_set().empty()) {
    ASSIGN_OR_RETURN(reference_set,
                     ParseResourceId("reference_set", request.reference_set(), "referenceSets"));
  } else {
    ASSIGN_OR_RETURN(image_set, ParseResourceId("image_set", request.image_set(), "imageSets"));
  }
  RETURN_IF_ERROR(CheckLifetime(request.lifetime_seconds()));
  if (request.first_item() < 0 || request.item_count() < 0) {
    return FieldError(request.first_item() < 0 ? "first_item" : "item_count",
                      absl::StrCat(std::min(request.first_item(), request.item_count())),
                      "0 or more");
  }
  v1::IssueTicketResponse response;
  response.set_token(NewToken());
  const std::string hash = Sha256Hex(response.token());
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::IssueTicketResponse> {
    const std::string tenant = kTenant;
    if (IsRevoked(sql, run.job())) {
      return WithReason(absl::FailedPreconditionError(absl::StrCat(
                            "run.job: the tickets of ", run.job(), " were revoked for good")),
                        "TICKETS_REVOKED");
    }
    int there = 1;
    if (!reference_set.empty()) {
      sql << "select count(*) from reference_sets where tenant = :t and id = :id",
          soci::use(tenant), soci::use(reference_set), soci::into(there);
    } else {
      sql << "select count(*) from image_sets where tenant = :t and id = :id and job = :j",
          soci::use(tenant), soci::use(image_set), soci::use(run.job()), soci::into(there);
    }
    if (there == 0) {
      return reference_set.empty() ? NoSuch("image_set", request.image_set())
                                   : NoSuch("reference_set", request.reference_set());
    }
    if (!image_set.empty()) RETURN_IF_ERROR(CheckDrawable(sql, image_set));
    const int64_t chunk = run.chunk();
    const int attempt = run.attempt();
    int issued = 0;
    sql << "select attempt from tickets where job = :j and chunk = :c", soci::use(run.job()),
        soci::use(chunk), soci::into(issued);
    // A gateway that was paused may still ask for an attempt that has been superseded.
    if (sql.got_data() && issued > attempt) {
      return absl::FailedPreconditionError(absl::StrCat("run.attempt: got ", attempt, "; attempt ",
                                                        issued, " has a ticket already"));
    }
    const int64_t first_item = request.first_item();
    const int64_t item_count = request.item_count();
    const int64_t expire = DatabaseNowMicros(sql) + request.lifetime_seconds() * 1'000'000;
    // With its row, the token of the attempt before becomes void.
    sql << "delete from tickets where job = :j and chunk = :c", soci::use(run.job()),
        soci::use(chunk);
    sql << "insert into tickets (token_sha256, tenant, job, chunk, attempt, reference_set,"
           " image_set, expire_us, first_item, item_count)"
           " values (:h, :t, :j, :c, :a, :r, :i, :e, :f, :n)",
        soci::use(hash), soci::use(tenant), soci::use(run.job()), soci::use(chunk),
        soci::use(attempt), soci::use(reference_set), soci::use(image_set), soci::use(expire),
        soci::use(first_item), soci::use(item_count);
    *response.mutable_expire_time() = FromMicros(expire);
    return response;
  });
}

absl::StatusOr<v1::RenewTicketResponse> Tickets::Renew(const v1::RenewTicketRequest& request) {
  const v1::RunKey& run = request.run();
  RETURN_IF_ERROR(CheckRun(run));
  RETURN_IF_ERROR(CheckLifetime(request.lifetime_seconds()));
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::RenewTicketResponse> {
    v1::RenewTicketResponse response;
    const int64_t now = DatabaseNowMicros(sql);
    const int64_t expire = now + request.lifetime_seconds() * 1'000'000;
    const int64_t chunk = run.chunk();
    const int attempt = run.attempt();
    // Only a ticket that is still good: one that End has ended must not come back.
    soci::statement renewed =
        (sql.prepare << "update tickets set expire_us = :e where job = :j and chunk = :c"
                        " and attempt = :a and expire_us > :now",
         soci::use(expire, "e"), soci::use(run.job(), "j"), soci::use(chunk, "c"),
         soci::use(attempt, "a"), soci::use(now, "now"));
    renewed.execute(true);
    if (renewed.get_affected_rows() == 0) {
      return absl::NotFoundError(
          absl::StrCat("run: attempt ", attempt, " of ", run.job(), " has no ticket that is good"));
    }
    *response.mutable_expire_time() = FromMicros(expire);
    return response;
  });
}

absl::Status Tickets::End(const v1::RunKey& run) {
  RETURN_IF_ERROR(CheckRun(run));
  return database_.Write([&](soci::session& sql) -> absl::Status {
    const int64_t chunk = run.chunk();
    const int attempt = run.attempt();
    // The row stays: no earlier attempt gets a ticket after this one.
    sql << "update tickets set expire_us = 0 where job = :j and chunk = :c and attempt = :a",
        soci::use(run.job()), soci::use(chunk), soci::use(attempt);
    return absl::OkStatus();
  });
}

absl::StatusOr<int> Tickets::Revoke(const std::string& job) {
  RETURN_IF_ERROR(ParseResourceName("job", job, "jobs/*").status());
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<int> {
    int open = 0;
    sql << "select count(*) from tickets where job = :j", soci::use(job), soci::into(open);
    sql << "delete from tickets where job = :j", soci::use(job);
    // A request for a ticket that is under way gets none afterwards.
    sql << "insert into revoked_jobs (job) values (:j) on conflict (job) do nothing",
        soci::use(job);
    return open;
  });
}

absl::StatusOr<TicketScope> Tickets::Check(soci::session& sql, const std::string& token) {
  if (token.empty() || token.size() > kMaxTokenBytes) {
    return FieldError("token", token.empty() ? "none" : absl::StrCat(token.size(), " bytes"),
                      "a ticket's token");
  }
  const std::string hash = Sha256Hex(token);
  const int64_t now = DatabaseNowMicros(sql);
  TicketScope scope;
  sql << "select job, chunk, attempt, reference_set, image_set, first_item, item_count from tickets"
         " where token_sha256 = :h and expire_us > :now",
      soci::use(hash), soci::use(now), soci::into(scope.job), soci::into(scope.chunk),
      soci::into(scope.attempt), soci::into(scope.reference_set), soci::into(scope.image_set),
      soci::into(scope.first_item), soci::into(scope.item_count);
  if (sql.got_data()) return scope;
  return WithReason(
      absl::PermissionDeniedError("token: unknown, expired, or void since another attempt began"),
      "TICKET_VOID");
}

absl::StatusOr<TicketScope> Tickets::Check(const std::string& token) {
  return database_.Read([&](soci::session& sql) { return Check(sql, token); });
}

absl::Status CheckMayDraw(const TicketScope& scope) {
  if (!scope.image_set.empty()) return absl::OkStatus();
  return absl::PermissionDeniedError("token: it is for teaching, not for drawing");
}

absl::Status CheckIsOf(const TicketScope& scope, int64_t item) {
  if (scope.Has(item)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("token: it is not for item ", item, " but for ",
                                                  scope.item_count, " from item ", scope.first_item,
                                                  " on"));
}

}  // namespace imprint::registry
