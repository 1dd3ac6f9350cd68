#include "services/registry/embeddings.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "formats/embedding_files/embedding_file.h"
#include "formats/learned_embedding.h"
#include "rpc/proto_json.h"
#include "services/registry/concepts.h"
#include "services/registry/embedding_row.h"
#include "services/registry/lineage.h"
#include "services/registry/read_page.h"
#include "services/registry/reference_sets.h"
#include "services/registry/resource_row.h"

namespace imprint::registry {
namespace {

// The most vectors, 75 of 1,024 numbers, take 300 KiB in fp32.
constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxReasonBytes = 500;

absl::Status CheckSize(const std::string& content) {
  if (content.size() > kMaxFileBytes) {
    return FieldError("content", absl::StrCat(content.size(), " bytes"),
                      absl::StrCat("at most ", kMaxFileBytes));
  }
  if (content.empty()) return FieldError("content", "none", "an embedding file");
  return absl::OkStatus();
}

// No training gives larger numbers or NaN, and a model multiplies with what is accepted here.
absl::Status CheckValues(const LearnedEmbedding& embedding) {
  // The largest number of fp16, in which models compute.
  constexpr float kLargest = 65504;
  const auto bad = std::find_if(embedding.values.begin(), embedding.values.end(),
                                [](float value) { return !(std::abs(value) <= kLargest); });
  if (bad == embedding.values.end()) return absl::OkStatus();
  return FieldError("content", absl::StrCat("a vector with the number ", *bad),
                    absl::StrCat("numbers from -", kLargest, " to ", kLargest));
}

// What the file says under that key, or nothing.
std::string Provenance(const LearnedEmbedding& embedding, absl::string_view key) {
  const auto found = embedding.provenance.find(key);
  return found == embedding.provenance.end() ? "" : found->second;
}

// Copies the rights of the pictures that a version was taught from. Without them nobody could say
// what may be done with it.
absl::Status TakeRights(soci::session& sql, v1::Lineage& lineage) {
  const std::string tenant = kTenant;
  ASSIGN_OR_RETURN(const std::string id,
                   ParseResourceId("spec.reference_set", lineage.reference_set(), "referenceSets"));
  std::string body;
  sql << "select body from reference_sets where tenant = :t and id = :id", soci::use(tenant),
      soci::use(id), soci::into(body);
  if (!sql.got_data()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "spec.reference_set: ", lineage.reference_set(), " is gone, and its rights with it"));
  }
  v1::ReferenceSet set;
  RETURN_IF_ERROR(FromJsonText(body, set));
  *lineage.mutable_reference_rights() = set.rights();
  return absl::OkStatus();
}

}  // namespace

struct Embeddings::Addition {
  std::string concept_id;
  v1::Concept wanted;
  // As the table's column; empty if the caller gave nothing to know a repeat by.
  std::string origin;
  std::string payload_sha256;
  std::string content;
  v1::Embedding embedding;  // all but name, sha256, bytes and time
};

absl::StatusOr<v1::Embedding> Embeddings::Add(Addition addition, bool& committed) {
  v1::Embedding& embedding = addition.embedding;
  // Held until after the transaction, by which time a record names the file or nobody needs it.
  ASSIGN_OR_RETURN(const RecordedBlobs::Held file, blobs_.Put(addition.content));
  embedding.set_sha256(file.sha256());
  embedding.set_bytes(static_cast<int64_t>(addition.content.size()));
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::Embedding> {
    const std::string tenant = kTenant;
    std::string body;
    std::string payload;
    // A repeat is answered before anything else is looked up: the reference set may be gone by now.
    sql << "select body, payload_sha256 from embeddings where tenant = :t and origin = :o"
           " and origin <> ''",
        soci::use(tenant), soci::use(addition.origin), soci::into(body), soci::into(payload);
    if (sql.got_data()) {
      // Commits have no payload hash, so that a job's repeat always matches.
      if (payload != addition.payload_sha256) {
        return absl::AlreadyExistsError("request_id: was used for another import");
      }
      ASSIGN_OR_RETURN(const auto added, FromJsonText<v1::Embedding>(body));
      ASSIGN_OR_RETURN(EmbeddingRow row, FindVersion(sql, added.name()));
      return Full(std::move(row));
    }
    v1::Lineage& lineage = *embedding.mutable_lineage();
    // An import says its own rights; a training's are those of its pictures.
    const bool taught = !lineage.job().empty();
    if (taught) RETURN_IF_ERROR(TakeRights(sql, lineage));
    const std::string references(absl::StripPrefix(lineage.reference_set(), "referenceSets/"));
    ASSIGN_OR_RETURN(const int64_t version, NextVersion(sql, addition.concept_id, addition.wanted));
    embedding.set_name(absl::StrCat("concepts/", addition.concept_id, "/embeddings/", version));
    *embedding.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
    ASSIGN_OR_RETURN(body, ToJsonText(embedding));
    sql << "insert into embeddings (tenant, concept, version, origin, payload_sha256, sha256, body,"
           " reference_set) values (:t, :c, :v, :o, :p, :h, :b, :r)",
        soci::use(tenant), soci::use(addition.concept_id), soci::use(version),
        soci::use(addition.origin), soci::use(addition.payload_sha256), soci::use(file.sha256()),
        soci::use(body), soci::use(references);
    ASSIGN_OR_RETURN(EmbeddingRow row, FindVersion(sql, embedding.name()));
    committed = true;
    return Full(std::move(row));
  });
}

absl::StatusOr<v1::Embedding> Embeddings::Commit(const v1::CommitEmbeddingRequest& request,
                                                 bool& committed) {
  RETURN_IF_ERROR(ParseResourceName("job", request.job(), "jobs/*").status());
  const v1::TrainingSpec& spec = request.spec();
  Addition addition;
  ASSIGN_OR_RETURN(addition.concept_id,
                   ParseResourceId("spec.concept_name", spec.concept_name(), "concepts"));
  RETURN_IF_ERROR(CheckWords("spec.", spec.token(), spec.class_word()));
  RETURN_IF_ERROR(CheckSize(request.content()));
  ASSIGN_OR_RETURN(const LearnedEmbedding parsed,
                   ParseLearnedEmbedding(request.content(), "content"));
  RETURN_IF_ERROR(CheckValues(parsed));
  if (parsed.token != spec.token()) {
    return FieldError("content", absl::StrCat("the token ", Quoted(parsed.token)),
                      absl::StrCat("the spec's, ", Quoted(spec.token())));
  }
  addition.wanted.set_token(spec.token());
  addition.wanted.set_class_word(spec.class_word());
  addition.wanted.set_kind(spec.kind());
  addition.origin = request.job();
  addition.content = request.content();
  v1::Embedding& embedding = addition.embedding;
  embedding.set_token(spec.token());
  embedding.set_class_word(spec.class_word());
  embedding.set_vectors(parsed.vectors);
  embedding.set_width(parsed.width);
  *embedding.mutable_scores() = request.scores();
  if (request.has_report()) *embedding.mutable_report() = request.report();
  v1::Lineage& lineage = *embedding.mutable_lineage();
  lineage.set_job(request.job());
  lineage.set_base_model(spec.base_model());
  lineage.set_base_model_fingerprint(request.base_model_fingerprint());
  lineage.set_reference_set(spec.reference_set());
  *lineage.mutable_training() = spec;
  *embedding.mutable_labels() = request.labels();
  // The model may have been taken out of the list since; the embedding then says nothing of its
  // text encoder, and its width is not checked.
  if (const auto model = models_.Get(spec.base_model()); model.ok()) {
    lineage.set_text_encoder_identity(model->text_encoder_identity());
    if (parsed.width != model->embedding_width()) {
      return FieldError("content", absl::StrCat("vectors of ", parsed.width, " numbers"),
                        absl::StrCat(model->embedding_width(), ", as ", spec.base_model(), " has"));
    }
  }
  return Add(std::move(addition), committed);
}

absl::StatusOr<v1::Embedding> Embeddings::Import(const v1::ImportEmbeddingRequest& request) {
  Addition addition;
  ASSIGN_OR_RETURN(addition.concept_id, ParseResourceId("parent", request.parent(), "concepts"));
  RETURN_IF_ERROR(CheckRights("rights", request.rights()));
  RETURN_IF_ERROR(CheckText("file_name", request.file_name(), 255, /*may_be_empty=*/true));
  RETURN_IF_ERROR(CheckText("request_id", request.request_id(), 100, /*may_be_empty=*/true));
  RETURN_IF_ERROR(CheckSize(request.content()));
  ASSIGN_OR_RETURN(const LearnedEmbedding parsed,
                   ParseEmbeddingFile(request.content(), "content",
                                      {.token = request.token(), .name = request.file_name()}));
  RETURN_IF_ERROR(CheckValues(parsed));
  const std::string class_word = request.class_word().empty()
                                     ? Provenance(parsed, "imprint.class_word")
                                     : request.class_word();
  RETURN_IF_ERROR(CheckWords("", parsed.token, class_word));
  addition.wanted.set_token(parsed.token);
  addition.wanted.set_class_word(class_word);
  if (!request.request_id().empty())
    addition.origin = absl::StrCat("import/", request.request_id());
  v1::ImportEmbeddingRequest payload = request;
  payload.clear_request_id();
  addition.payload_sha256 = Sha256Hex(payload.SerializeAsString());
  v1::Embedding& embedding = addition.embedding;
  v1::Lineage& lineage = *embedding.mutable_lineage();
  lineage.set_imported_from(request.file_name());
  *lineage.mutable_import_rights() = request.rights();
  lineage.set_base_model_fingerprint(Provenance(parsed, "imprint.base_model"));
  lineage.set_text_encoder_identity(Provenance(parsed, "imprint.text_encoder"));
  embedding.set_token(parsed.token);
  embedding.set_class_word(class_word);
  embedding.set_vectors(parsed.vectors);
  embedding.set_width(parsed.width);
  // Whichever tool's file came in, what is kept is in our layout, under the concept's word.
  addition.content = SerializeLearnedEmbedding(parsed);
  bool committed = false;
  return Add(std::move(addition), committed);
}

absl::StatusOr<v1::Embedding> Embeddings::Get(const std::string& name) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::Embedding> {
    ASSIGN_OR_RETURN(EmbeddingRow row, FindEmbedding(sql, name));
    return Full(std::move(row));
  });
}

absl::StatusOr<std::vector<v1::Embedding>> Embeddings::List(const std::string& parent,
                                                            bool show_deleted, const Page& page,
                                                            std::string& next) {
  std::string owner;
  // AIP-159's name for all parents.
  if (parent != "concepts/-") {
    ASSIGN_OR_RETURN(owner, ParseResourceId("parent", parent, "concepts"));
  }
  ASSIGN_OR_RETURN(const int64_t before, NumberAfter(page, INT64_MAX));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::Embedding>> {
    const std::string tenant = kTenant;
    if (!owner.empty()) {
      int there = 0;
      sql << "select count(*) from concepts where tenant = :t and id = :id", soci::use(tenant),
          soci::use(owner), soci::into(there);
      if (there == 0) return NoSuch("parent", parent);
    }
    const int limit = page.rows();
    const int hidden = show_deleted ? 0 : static_cast<int>(v1::EMBEDDING_STATE_DELETED);
    EmbeddingRow row;
    ListedRow<int64_t> listed;
    soci::statement rows =
        (sql.prepare << "select number, body, state, state_reason, changes from embeddings"
                        " where tenant = :t and number < :before and state <> :hidden"
                        " and (:owner = '' or concept = :owner) order by number desc limit :limit",
         soci::use(tenant, "t"), soci::use(before, "before"), soci::use(hidden, "hidden"),
         soci::use(owner, "owner"), soci::use(limit, "limit"), soci::into(listed.key),
         soci::into(listed.body), soci::into(row.state), soci::into(row.state_reason),
         soci::into(row.changes));
    const auto make = [&]() -> absl::StatusOr<v1::Embedding> {
      ASSIGN_OR_RETURN(row.body, FromJsonText<v1::Embedding>(listed.body));
      return Full(row);
    };
    return ReadPage<v1::Embedding>(rows, listed, page, next, make);
  });
}

absl::StatusOr<Blob> Embeddings::Content(const v1::Embedding& embedding) {
  RETURN_IF_ERROR(CheckActive(embedding));
  auto content = blobs_.Get(embedding.sha256(), kMaxFileBytes);
  if (!content.ok()) return InContext(embedding.name(), content.status());
  return content;
}

absl::StatusOr<v1::Embedding> Embeddings::Change(
    const std::string& name, const std::string& etag, v1::EmbeddingState state,
    const std::string& reason, const std::function<void(soci::session&, int64_t number)>& done) {
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::Embedding> {
    ASSIGN_OR_RETURN(EmbeddingRow row, FindVersion(sql, name));
    RETURN_IF_ERROR(CheckEtag(etag, row.changes));
    const bool deleted = row.state == v1::EMBEDDING_STATE_DELETED;
    // Deleting is final.
    if (deleted && state != v1::EMBEDDING_STATE_DELETED) return CheckActive(Full(std::move(row)));
    if (!deleted) {
      row.state = state;
      row.state_reason = reason;
      ++row.changes;
      sql << "update embeddings set state = :s, state_reason = :r, changes = :c"
             " where number = :n",
          soci::use(row.state), soci::use(row.state_reason), soci::use(row.changes),
          soci::use(row.number);
    }
    if (state != v1::EMBEDDING_STATE_ACTIVE) VoidTicketsOf(sql, row.number);
    if (done) done(sql, row.number);
    return Full(std::move(row));
  });
}

absl::StatusOr<v1::Embedding> Embeddings::Block(const v1::BlockEmbeddingRequest& request) {
  RETURN_IF_ERROR(CheckText("reason", request.reason(), kMaxReasonBytes));
  return Change(request.name(), request.etag(), v1::EMBEDDING_STATE_BLOCKED, request.reason());
}

absl::StatusOr<v1::Embedding> Embeddings::Unblock(const v1::UnblockEmbeddingRequest& request) {
  return Change(request.name(), request.etag(), v1::EMBEDDING_STATE_ACTIVE, "");
}

absl::StatusOr<v1::DeleteEmbeddingResponse> Embeddings::Delete(
    const v1::DeleteEmbeddingRequest& request) {
  RETURN_IF_ERROR(CheckText("reason", request.reason(), kMaxReasonBytes, /*may_be_empty=*/true));
  v1::DeleteEmbeddingResponse response;
  ASSIGN_OR_RETURN(*response.mutable_embedding(),
                   Change(request.name(), request.etag(), v1::EMBEDDING_STATE_DELETED,
                          request.reason(), [&](soci::session& sql, int64_t number) {
                            for (std::string& set : ImageSetsOf(sql, number)) {
                              response.add_image_sets(std::move(set));
                            }
                          }));
  // Not before the commit: after a rollback the record would be there without its file.
  blobs_.RemoveUnnamed({response.embedding().sha256()});
  return response;
}

}  // namespace imprint::registry
