#include "services/registry/concepts.h"

#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "services/registry/embedding_row.h"
#include "services/registry/read_page.h"
#include "services/registry/resource_row.h"
#include "services/registry/token_check.h"

namespace imprint::registry {
namespace {

constexpr size_t kMaxDescription = 2000;

struct ConceptRow {
  v1::Concept body;
  // The numbers of deleted versions are not given out again, so both are needed.
  int64_t last = 0;    // number of the last version, deleted or not
  int64_t newest = 0;  // of the newest that is not deleted
  int64_t version = 0;
};

// What is not in the body: the newest version and the etag.
v1::Concept Full(ConceptRow row) {
  if (row.newest > 0) {
    row.body.set_newest_embedding(absl::StrCat(row.body.name(), "/embeddings/", row.newest));
  }
  row.body.set_etag(absl::StrCat(row.version));
  return std::move(row.body);
}

absl::StatusOr<ConceptRow> Load(soci::session& sql, const std::string& id) {
  const std::string tenant = kTenant;
  ConceptRow row;
  std::string body;
  sql << absl::StrCat("select c.body, c.newest, ", kNewestOfConcept,
                      ", c.version from concepts c where c.tenant = :t and c.id = :id"),
      soci::use(tenant), soci::use(id), soci::into(body), soci::into(row.last),
      soci::into(row.newest), soci::into(row.version);
  if (!sql.got_data()) return NoSuch("name", absl::StrCat("concepts/", id));
  RETURN_IF_ERROR(FromJsonText(body, row.body));
  return row;
}

absl::Status Insert(soci::session& sql, const std::string& id, const v1::Concept& wanted) {
  const std::string tenant = kTenant;
  v1::Concept made = wanted;
  made.set_name(absl::StrCat("concepts/", id));
  if (made.kind() == v1::CONCEPT_KIND_UNSPECIFIED) made.set_kind(v1::CONCEPT_KIND_OBJECT);
  made.clear_newest_embedding();
  made.clear_etag();
  *made.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
  ASSIGN_OR_RETURN(const std::string body, ToJsonText(made));
  sql << "insert into concepts (tenant, id, token, body) values (:t, :id, :token, :body)",
      soci::use(tenant), soci::use(id), soci::use(made.token()), soci::use(body);
  return absl::OkStatus();
}

struct AliasName {
  std::string owner;
  std::string id;
};

absl::StatusOr<AliasName> ParseAliasName(absl::string_view field, const std::string& name) {
  ASSIGN_OR_RETURN(const auto ids, ParseResourceName(field, name, "concepts/*/aliases/*"));
  return AliasName{ids[0], ids[1]};
}

v1::Alias MakeAlias(const AliasName& name, int64_t embedding, int64_t update_us, int64_t version) {
  v1::Alias alias;
  alias.set_name(absl::StrCat("concepts/", name.owner, "/aliases/", name.id));
  alias.set_embedding(absl::StrCat("concepts/", name.owner, "/embeddings/", embedding));
  *alias.mutable_update_time() = FromMicros(update_us);
  alias.set_etag(absl::StrCat(version));
  return alias;
}

}  // namespace

absl::Status CheckWords(absl::string_view prefix, const std::string& token,
                        const std::string& class_word) {
  const std::string token_field = absl::StrCat(prefix, "token");
  RETURN_IF_ERROR(CheckText(token_field, token, 100));
  RETURN_IF_ERROR(CheckNewWord(token_field, token));
  return CheckText(absl::StrCat(prefix, "class_word"), class_word, 200);
}

absl::StatusOr<int64_t> NextVersion(soci::session& sql, const std::string& id,
                                    const v1::Concept& wanted) {
  const std::string tenant = kTenant;
  auto row = Load(sql, id);
  if (absl::IsNotFound(row.status())) {
    RETURN_IF_ERROR(Insert(sql, id, wanted));
    row = Load(sql, id);
  }
  if (!row.ok()) return row.status();
  if (row->body.token() != wanted.token()) {
    return absl::FailedPreconditionError(
        absl::StrCat("token: got ", Quoted(wanted.token()), "; concepts/", id, " has ",
                     Quoted(row->body.token()), ": use that, or another concept"));
  }
  const int64_t next = row->last + 1;
  sql << "update concepts set newest = :n, version = version + 1 where tenant = :t and id = :id",
      soci::use(next), soci::use(tenant), soci::use(id);
  return next;
}

absl::StatusOr<v1::Concept> Concepts::Create(const v1::CreateConceptRequest& request) {
  RETURN_IF_ERROR(CheckResourceId("concept_id", request.concept_id()));
  const v1::Concept& wanted = request.new_concept();
  RETURN_IF_ERROR(CheckWords("new_concept.", wanted.token(), wanted.class_word()));
  RETURN_IF_ERROR(CheckText("new_concept.description", wanted.description(), kMaxDescription,
                            /*may_be_empty=*/true));
  if (!v1::ConceptKind_IsValid(wanted.kind())) {
    return FieldError("new_concept.kind", absl::StrCat(static_cast<int>(wanted.kind())),
                      "a value of the enum");
  }
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::Concept> {
    auto row = Load(sql, request.concept_id());
    if (absl::IsNotFound(row.status())) {
      RETURN_IF_ERROR(Insert(sql, request.concept_id(), wanted));
      row = Load(sql, request.concept_id());
    }
    if (!row.ok()) return row.status();
    if (row->body.token() != wanted.token() || row->body.class_word() != wanted.class_word()) {
      return absl::AlreadyExistsError(absl::StrCat("concept_id: ", row->body.name(), " is ",
                                                   Quoted(row->body.token()), ", a ",
                                                   row->body.class_word(), "; choose another id"));
    }
    return Full(*std::move(row));
  });
}

absl::StatusOr<v1::Concept> Concepts::Get(const std::string& name) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "concepts"));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::Concept> {
    ASSIGN_OR_RETURN(ConceptRow row, Load(sql, id));
    return Full(std::move(row));
  });
}

absl::StatusOr<std::vector<v1::Concept>> Concepts::List(const Page& page, std::string& next) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::Concept>> {
    const std::string tenant = kTenant;
    const int limit = page.rows();
    ConceptRow row;
    ListedRow<std::string> listed;
    soci::statement rows =
        (sql.prepare << absl::StrCat("select c.id, c.body, ", kNewestOfConcept,
                                     ", c.version from concepts c where c.tenant = :t"
                                     " and c.id > :after order by c.id limit :limit"),
         soci::use(tenant), soci::use(page.after), soci::use(limit), soci::into(listed.key),
         soci::into(listed.body), soci::into(row.newest), soci::into(row.version));
    return ReadPage<v1::Concept>(rows, listed, page, next, [&]() -> absl::StatusOr<v1::Concept> {
      ASSIGN_OR_RETURN(row.body, FromJsonText<v1::Concept>(listed.body));
      return Full(row);
    });
  });
}

absl::StatusOr<std::vector<std::string>> Concepts::WithTokens(
    const std::vector<std::string>& tokens, const std::string& except) {
  constexpr int kMost = 100;
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<std::string>> {
    std::set<std::string> names;
    const std::string tenant = kTenant;
    for (const std::string& token : tokens) {
      std::string id;
      soci::statement rows =
          (sql.prepare << "select id from concepts where tenant = :t and lower(token) = lower(:w)"
                          " order by id limit :most",
           soci::use(tenant), soci::use(token), soci::use(kMost), soci::into(id));
      rows.execute();
      while (rows.fetch()) {
        if (std::string name = absl::StrCat("concepts/", id); name != except) names.insert(name);
      }
    }
    std::vector<std::string> first(names.begin(), names.end());
    if (first.size() > kMost) first.resize(kMost);
    return first;
  });
}

absl::StatusOr<v1::Concept> Concepts::Update(const v1::UpdateConceptRequest& request) {
  const v1::Concept& changed = request.changed_concept();
  ASSIGN_OR_RETURN(const std::string id,
                   ParseResourceId("changed_concept.name", changed.name(), "concepts"));
  if (request.update_mask().paths().empty()) {
    return FieldError("update_mask", "none", "description");
  }
  for (const std::string& path : request.update_mask().paths()) {
    if (path != "description") return FieldError("update_mask", Quoted(path), "description");
  }
  RETURN_IF_ERROR(CheckText("changed_concept.description", changed.description(), kMaxDescription,
                            /*may_be_empty=*/true));
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::Concept> {
    const std::string tenant = kTenant;
    ASSIGN_OR_RETURN(ConceptRow row, Load(sql, id));
    RETURN_IF_ERROR(CheckEtag(changed.etag(), row.version));
    row.body.set_description(changed.description());
    ++row.version;
    ASSIGN_OR_RETURN(const std::string body, ToJsonText(row.body));
    sql << "update concepts set body = :b, version = :v where tenant = :t and id = :id",
        soci::use(body), soci::use(row.version), soci::use(tenant), soci::use(id);
    return Full(std::move(row));
  });
}

absl::Status Concepts::Delete(const std::string& name, const std::string& etag) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "concepts"));
  return database_.Write([&](soci::session& sql) -> absl::Status {
    const std::string tenant = kTenant;
    ASSIGN_OR_RETURN(const ConceptRow row, Load(sql, id));
    RETURN_IF_ERROR(CheckEtag(etag, row.version));
    if (row.last > 0) {
      return absl::FailedPreconditionError(absl::StrCat("name: ", name, " has had ", row.last,
                                                        " embeddings, whose lineage is kept"));
    }
    sql << "delete from concepts where tenant = :t and id = :id", soci::use(tenant), soci::use(id);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Alias> Concepts::SetAlias(const v1::Alias& alias) {
  ASSIGN_OR_RETURN(const AliasName name, ParseAliasName("alias.name", alias.name()));
  ASSIGN_OR_RETURN(const auto target, ParseResourceName("alias.embedding", alias.embedding(),
                                                        "concepts/*/embeddings/*"));
  int64_t number = 0;
  if (target[0] != name.owner || !absl::SimpleAtoi(target[1], &number)) {
    return FieldError("alias.embedding", Quoted(alias.embedding()),
                      absl::StrCat("a version of concepts/", name.owner));
  }
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::Alias> {
    const std::string tenant = kTenant;
    auto pointed_to = FindVersion(sql, alias.embedding());
    if (absl::IsNotFound(pointed_to.status())) return NoSuch("alias.embedding", alias.embedding());
    if (!pointed_to.ok()) return pointed_to.status();
    RETURN_IF_ERROR(InContext("alias.embedding", CheckActive(Full(*std::move(pointed_to)))));
    int64_t version = 0;
    sql << "select version from aliases where tenant = :t and concept = :c and id = :id",
        soci::use(tenant), soci::use(name.owner), soci::use(name.id), soci::into(version);
    // An alias that is not there has version 0: a caller who read one that has been deleted since
    // is told so.
    RETURN_IF_ERROR(CheckEtag(alias.etag(), version));
    ++version;
    const int64_t now = DatabaseNowMicros(sql);
    sql << "insert into aliases (tenant, concept, id, embedding, update_us, version)"
           " values (:t, :c, :id, :e, :u, :v) on conflict (tenant, concept, id) do update set"
           " embedding = excluded.embedding, update_us = excluded.update_us,"
           " version = excluded.version",
        soci::use(tenant), soci::use(name.owner), soci::use(name.id), soci::use(number),
        soci::use(now), soci::use(version);
    return MakeAlias(name, number, now, version);
  });
}

absl::StatusOr<std::vector<v1::Alias>> Concepts::ListAliases(const std::string& concept_name,
                                                             const Page& page, std::string& next) {
  ASSIGN_OR_RETURN(const std::string owner, ParseResourceId("parent", concept_name, "concepts"));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::Alias>> {
    RETURN_IF_ERROR(Load(sql, owner).status());
    const std::string tenant = kTenant;
    const int limit = page.rows();
    // Aliases have no body: they are so small that their number alone fills a page.
    ListedRow<std::string> row;
    int64_t embedding = 0;
    int64_t update_us = 0;
    int64_t version = 0;
    soci::statement rows =
        (sql.prepare << "select id, embedding, update_us, version from aliases where tenant = :t"
                        " and concept = :c and id > :after order by id limit :limit",
         soci::use(tenant), soci::use(owner), soci::use(page.after), soci::use(limit),
         soci::into(row.key), soci::into(embedding), soci::into(update_us), soci::into(version));
    return ReadPage<v1::Alias>(rows, row, page, next, [&]() -> absl::StatusOr<v1::Alias> {
      return MakeAlias({owner, row.key}, embedding, update_us, version);
    });
  });
}

absl::Status Concepts::DeleteAlias(const std::string& name, const std::string& etag) {
  ASSIGN_OR_RETURN(const AliasName parsed, ParseAliasName("name", name));
  return database_.Write([&](soci::session& sql) -> absl::Status {
    const std::string tenant = kTenant;
    int64_t version = 0;
    sql << "select version from aliases where tenant = :t and concept = :c and id = :id",
        soci::use(tenant), soci::use(parsed.owner), soci::use(parsed.id), soci::into(version);
    if (!sql.got_data()) return NoSuch("name", name);
    RETURN_IF_ERROR(CheckEtag(etag, version));
    sql << "delete from aliases where tenant = :t and concept = :c and id = :id", soci::use(tenant),
        soci::use(parsed.owner), soci::use(parsed.id);
    return absl::OkStatus();
  });
}

}  // namespace imprint::registry
