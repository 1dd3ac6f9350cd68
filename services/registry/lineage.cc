#include "services/registry/lineage.h"

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "services/registry/embedding_row.h"
#include "services/registry/resource_row.h"

namespace imprint::registry {
namespace {

constexpr int kMostNames = 1000;

// The one column of a query with some of :t, :r, :e and with :most.
template <typename... Uses>
std::vector<std::string> Names(soci::session& sql, const std::string& query, Uses&&... uses) {
  std::vector<std::string> names;
  std::string name;
  soci::statement rows(sql);
  (rows.exchange(std::forward<Uses>(uses)), ...);
  rows.exchange(soci::use(kMostNames, "most"));
  rows.exchange(soci::into(name));
  rows.alloc();
  rows.prepare(query);
  rows.define_and_bind();
  rows.execute();
  while (rows.fetch()) names.push_back(name);
  return names;
}

}  // namespace

std::vector<std::string> EmbeddingsOf(soci::session& sql, const std::string& reference_set) {
  const std::string tenant = kTenant;
  return Names(sql,
               "select 'concepts/' || concept || '/embeddings/' || version from embeddings"
               " where tenant = :t and reference_set = :r and state <> 3"
               " order by concept, version limit :most",
               soci::use(tenant, "t"), soci::use(reference_set, "r"));
}

std::vector<std::string> ImageSetsOf(soci::session& sql, const std::string& reference_set) {
  const std::string tenant = kTenant;
  return Names(sql,
               "select distinct 'imageSets/' || s.id from image_sets s"
               " join image_set_embeddings x on x.image_set = s.number"
               " join embeddings e on e.number = x.embedding"
               " where e.tenant = :t and e.reference_set = :r order by 1 limit :most",
               soci::use(tenant, "t"), soci::use(reference_set, "r"));
}

std::vector<std::string> ImageSetsOf(soci::session& sql, int64_t embedding) {
  return Names(sql,
               "select 'imageSets/' || s.id from image_sets s"
               " join image_set_embeddings x on x.image_set = s.number"
               " where x.embedding = :e order by 1 limit :most",
               soci::use(embedding, "e"));
}

absl::Status PartFrom(soci::session& sql, const std::string& reference_set,
                      const v1::Rights& rights) {
  const std::string tenant = kTenant;
  // All are read before any is changed: SQLite leaves open what a query returns of a table that is
  // written to while it runs.
  std::vector<int64_t> numbers;
  int64_t number = 0;
  soci::statement rows = (sql.prepare << "select number from embeddings where tenant = :t"
                                         " and reference_set = :r",
                          soci::use(tenant), soci::use(reference_set), soci::into(number));
  rows.execute();
  while (rows.fetch()) numbers.push_back(number);
  for (const int64_t each : numbers) {
    std::string body;
    sql << "select body from embeddings where number = :n", soci::use(each), soci::into(body);
    v1::Embedding embedding;
    RETURN_IF_ERROR(FromJsonText(body, embedding));
    if (!embedding.lineage().has_reference_rights()) {
      *embedding.mutable_lineage()->mutable_reference_rights() = rights;
      ASSIGN_OR_RETURN(body, ToJsonText(embedding));
    }
    // Another set may be given this id.
    sql << "update embeddings set body = :b, reference_set = '' where number = :n", soci::use(body),
        soci::use(each);
  }
  return absl::OkStatus();
}

absl::Status NoteEmbeddings(soci::session& sql, int64_t image_set, const v1::ImageSetSpec& spec) {
  for (int i = 0; i < spec.embeddings_size(); ++i) {
    auto row = FindEmbedding(sql, spec.embeddings(i));
    if (!row.ok()) return InContext(absl::StrCat("spec.embeddings[", i, "]"), row.status());
    const int64_t number = row->number;
    RETURN_IF_ERROR(CheckActive(Full(*std::move(row))));
    sql << "insert into image_set_embeddings (embedding, image_set) values (:e, :s)"
           " on conflict (embedding, image_set) do nothing",
        soci::use(number), soci::use(image_set);
  }
  return absl::OkStatus();
}

absl::Status CheckDrawable(soci::session& sql, const std::string& image_set) {
  const std::string tenant = kTenant;
  const std::vector<std::string> unusable =
      Names(sql,
            "select 'concepts/' || e.concept || '/embeddings/' || e.version from embeddings e"
            " join image_set_embeddings x on x.embedding = e.number"
            " join image_sets s on s.number = x.image_set"
            " where s.tenant = :t and s.id = :r and e.state <> 1 order by 1 limit :most",
            soci::use(tenant, "t"), soci::use(image_set, "r"));
  if (unusable.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(EmbeddingRow row, FindVersion(sql, unusable.front()));
  return CheckActive(Full(std::move(row)));
}

void VoidTicketsOf(soci::session& sql, int64_t embedding) {
  sql << "delete from tickets where image_set in (select s.id from image_sets s"
         " join image_set_embeddings x on x.image_set = s.number"
         " where x.embedding = :e and s.tenant = tickets.tenant)",
      soci::use(embedding);
}

}  // namespace imprint::registry
