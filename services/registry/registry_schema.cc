#include "services/registry/registry_schema.h"

namespace imprint::registry {

// 3 is v1::EMBEDDING_STATE_DELETED: a deleted version's record stays, its file does not. The query
// is no part of a migration, and must name each table that has blobs.
const char* const kBlobNames =
    "select sha256 from reference_pictures"
    " union all select sha256 from embeddings where state <> 3"
    " union all select sha256 from items where sha256 <> ''";

const std::vector<Migration>& RegistryMigrations() {
  static const std::vector<Migration> migrations = {
      {1,
       {
           // Resources are kept as their protos in JSON; columns are what is searched by. Times are
           // microseconds since 1970.
           "create table base_models ("
           " tenant varchar(63) not null, id varchar(63) not null, body text not null,"
           " version bigint not null default 1, primary key (tenant, id))",
           "create table reference_sets ("
           " tenant varchar(63) not null, id varchar(63) not null, number integer primary key,"
           " request_id varchar(100) not null, payload_sha256 varchar(64) not null,"
           " body text not null, version bigint not null default 1, unique (tenant, id))",
           "create unique index reference_sets_by_request on reference_sets (tenant, request_id)"
           " where request_id <> ''",
           "create table reference_pictures ("
           " reference_set bigint not null, place integer not null, sha256 varchar(64) not null,"
           " primary key (reference_set, place))",
           "create index reference_pictures_by_blob on reference_pictures (sha256)",
           "create table concepts ("
           " tenant varchar(63) not null, id varchar(63) not null, token varchar(100) not null,"
           " newest bigint not null default 0, body text not null,"
           " version bigint not null default 1, primary key (tenant, id))",
           // `origin` is what makes a commit or an import idempotent: "jobs/x", "import/y".
           "create table embeddings ("
           " number integer primary key, tenant varchar(63) not null, concept varchar(63) not null,"
           " version bigint not null, origin varchar(200) not null,"
           " payload_sha256 varchar(64) not null, sha256 varchar(64) not null, body text not null,"
           " unique (tenant, concept, version))",
           "create index embeddings_by_blob on embeddings (sha256)",
           "create unique index embeddings_by_origin on embeddings (tenant, origin)"
           " where origin <> ''",
           "create table aliases ("
           " tenant varchar(63) not null, concept varchar(63) not null, id varchar(63) not null,"
           " embedding bigint not null, update_us bigint not null,"
           " version bigint not null default 1, primary key (tenant, concept, id))",
           "create table image_sets ("
           " number integer primary key, tenant varchar(63) not null, id varchar(63) not null,"
           " job varchar(100) not null, state integer not null, items_total bigint not null,"
           " items_done bigint not null default 0, items_blocked bigint not null default 0,"
           " body text not null, version bigint not null default 1, unique (tenant, id),"
           " unique (tenant, job))",
           "create table items ("
           " image_set bigint not null, item_index bigint not null, sha256 varchar(64) not null,"
           " body text not null, primary key (image_set, item_index))",
           // Blocked items have none.
           "create index items_by_blob on items (sha256) where sha256 <> ''",
           // Tokens are kept hashed.
           "create table tickets ("
           " token_sha256 varchar(64) primary key, tenant varchar(63) not null,"
           " job varchar(100) not null, chunk bigint not null, attempt integer not null,"
           " reference_set varchar(63) not null, image_set varchar(63) not null,"
           " expire_us bigint not null, unique (job, chunk))",
           "create table revoked_jobs (job varchar(100) primary key)",
       }},
      {2,
       {
           // Whether a version may be used (v1::EmbeddingState); `changes` is its etag.
           "alter table embeddings add column state integer not null default 1",
           "alter table embeddings add column state_reason varchar(500) not null default ''",
           "alter table embeddings add column changes bigint not null default 1",
           "create index concepts_by_token on concepts (tenant, lower(token))",
           // The items that a ticket for drawing may add.
           "alter table tickets add column first_item bigint not null default 0",
           "alter table tickets add column item_count bigint not null default 0",
           // What stems from what: versions from the pictures that they were taught from, image
           // sets from the versions that they were drawn with.
           "alter table embeddings add column reference_set varchar(63) not null default ''",
           // An id may have been given to another set since; such a set is younger than the
           // version.
           "update embeddings set reference_set = coalesce((select s.id from reference_sets s"
           " where s.tenant = embeddings.tenant and s.id ="
           " substr(json_extract(embeddings.body, '$.lineage.referenceSet'),"
           " length('referenceSets/') + 1) and json_extract(s.body, '$.createTime') <="
           " json_extract(embeddings.body, '$.createTime')), '')",
           "create index embeddings_by_reference_set on embeddings (tenant, reference_set)"
           " where reference_set <> ''",
           "create table image_set_embeddings ("
           " embedding bigint not null, image_set bigint not null,"
           " primary key (embedding, image_set))",
           "create index image_set_embeddings_by_set on image_set_embeddings (image_set)",
           "insert into image_set_embeddings (embedding, image_set)"
           " select distinct e.number, s.number from image_sets s,"
           " json_each(s.body, '$.spec.embeddings') named join embeddings e"
           " on e.tenant = s.tenant and e.concept = substr(named.value, length('concepts/') + 1,"
           " instr(named.value, '/embeddings/') - length('concepts/') - 1)"
           " and e.version = cast(substr(named.value, instr(named.value, '/embeddings/')"
           " + length('/embeddings/')) as integer)",
       }},
      {3,
       {
           // What a plan calls an item; empty without one.
           "alter table items add column item_key text not null default ''",
           "create unique index items_by_key on items (image_set, item_key) where item_key <> ''",
       }},
  };
  return migrations;
}

}  // namespace imprint::registry
