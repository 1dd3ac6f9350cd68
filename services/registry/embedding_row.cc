#include "services/registry/embedding_row.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "rpc/status.h"
#include "services/registry/resource_row.h"

namespace imprint::registry {
namespace {

struct VersionName {
  std::string owner;
  int64_t version = 0;
};

// "concepts/mia/embeddings/3"; another form is INVALID_ARGUMENT saying `expected`.
absl::StatusOr<VersionName> ParseVersionName(const std::string& name, const char* expected) {
  const auto ids = ParseResourceName("name", name, "concepts/*/embeddings/*");
  VersionName parsed;
  if (!ids.ok() || !absl::SimpleAtoi((*ids)[1], &parsed.version)) {
    return FieldError("name", Quoted(name), expected);
  }
  parsed.owner = (*ids)[0];
  return parsed;
}

absl::StatusOr<VersionName> Resolve(soci::session& sql, const std::string& name) {
  const std::string tenant = kTenant;
  VersionName found;
  if (const auto alias = ParseResourceName("name", name, "concepts/*/aliases/*"); alias.ok()) {
    found.owner = (*alias)[0];
    sql << "select embedding from aliases where tenant = :t and concept = :c and id = :id",
        soci::use(tenant), soci::use(found.owner), soci::use((*alias)[1]),
        // SOCI leaves the 0 in place if there is no such alias, and no version is numbered 0.
        soci::into(found.version);
    return found;
  }
  if (const auto own = ParseResourceName("name", name, "concepts/*"); own.ok()) {
    found.owner = (*own)[0];
    sql << absl::StrCat("select ", kNewestOfConcept,
                        " from concepts c where c.tenant = :t and c.id = :id"),
        soci::use(tenant), soci::use(found.owner), soci::into(found.version);
    return found;
  }
  return ParseVersionName(name,
                          "concepts/ID/embeddings/NUMBER, concepts/ID/aliases/ID or concepts/ID");
}

absl::StatusOr<EmbeddingRow> Load(soci::session& sql, const VersionName& which,
                                  const std::string& name) {
  const std::string tenant = kTenant;
  EmbeddingRow row;
  std::string body;
  sql << "select number, body, state, state_reason, changes from embeddings"
         " where tenant = :t and concept = :c and version = :v",
      soci::use(tenant), soci::use(which.owner), soci::use(which.version), soci::into(row.number),
      soci::into(body), soci::into(row.state), soci::into(row.state_reason),
      soci::into(row.changes);
  if (!sql.got_data()) return NoSuch("name", name);
  RETURN_IF_ERROR(FromJsonText(body, row.body));
  return row;
}

}  // namespace

// 3 is v1::EMBEDDING_STATE_DELETED, here and in the other statements.
const char* const kNewestOfConcept =
    "(select coalesce(max(e.version), 0) from embeddings e where e.tenant = c.tenant"
    " and e.concept = c.id and e.state <> 3)";

absl::StatusOr<EmbeddingRow> FindEmbedding(soci::session& sql, const std::string& name) {
  ASSIGN_OR_RETURN(const VersionName which, Resolve(sql, name));
  return Load(sql, which, name);
}

absl::StatusOr<EmbeddingRow> FindVersion(soci::session& sql, const std::string& name) {
  ASSIGN_OR_RETURN(const VersionName which,
                   ParseVersionName(name, "a version, concepts/ID/embeddings/NUMBER"));
  return Load(sql, which, name);
}

v1::Embedding Full(EmbeddingRow row) {
  row.body.set_state(static_cast<v1::EmbeddingState>(row.state));
  row.body.set_state_reason(row.state_reason);
  row.body.set_etag(absl::StrCat(row.changes));
  return std::move(row.body);
}

absl::Status CheckActive(const v1::Embedding& embedding) {
  const bool deleted = embedding.state() == v1::EMBEDDING_STATE_DELETED;
  if (!deleted && embedding.state() != v1::EMBEDDING_STATE_BLOCKED) return absl::OkStatus();
  std::string text = absl::StrCat(embedding.name(), " is ", deleted ? "deleted" : "blocked");
  if (!embedding.state_reason().empty()) absl::StrAppend(&text, ": ", embedding.state_reason());
  return WithReason(absl::FailedPreconditionError(text),
                    deleted ? "EMBEDDING_DELETED" : "EMBEDDING_BLOCKED");
}

}  // namespace imprint::registry
