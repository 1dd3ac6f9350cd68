#include "services/registry/embeddings.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "formats/embedding_files/embedding_file.h"
#include "formats/learned_embedding.h"
#include "rpc/proto_json.h"
#include "rpc/resource_name.h"
#include "services/registry/concepts.h"
#include "services/registry/reference_sets.h"
#include "services/registry/resource_row.h"

namespace imprint {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

absl::Status CheckSize(const std::string& content) {
  if (content.size() > kMaxFileBytes) {
    return FieldError("content", absl::StrCat(content.size(), " bytes"),
                      absl::StrCat("at most ", kMaxFileBytes));
  }
  if (content.empty()) return FieldError("content", "none", "an embedding file");
  return absl::OkStatus();
}

// What the file says under that key, or nothing.
std::string Provenance(const LearnedEmbedding& embedding, absl::string_view key) {
  const auto found = embedding.provenance.find(key);
  return found == embedding.provenance.end() ? "" : found->second;
}

// A row by any of the three kinds of name.
absl::Status FindRow(soci::session& sql, const std::string& name, std::string& body) {
  const std::string tenant = kTenant;
  int64_t version = 0;
  std::string owner;
  if (const auto own = ParseResourceName("name", name, "concepts/*/embeddings/*"); own.ok()) {
    owner = (*own)[0];
    if (!absl::SimpleAtoi((*own)[1], &version)) {
      return FieldError("name", Quoted(name), "concepts/ID/embeddings/NUMBER");
    }
  } else if (const auto alias = ParseResourceName("name", name, "concepts/*/aliases/*");
             alias.ok()) {
    owner = (*alias)[0];
    sql << "select embedding from aliases where tenant = :t and concept = :c and id = :id",
        soci::use(tenant), soci::use(owner), soci::use((*alias)[1]), soci::into(version);
  } else if (const auto concept_ids = ParseResourceName("name", name, "concepts/*");
             concept_ids.ok()) {
    owner = (*concept_ids)[0];
    sql << "select newest from concepts where tenant = :t and id = :id", soci::use(tenant),
        soci::use(owner), soci::into(version);
  } else {
    return FieldError("name", Quoted(name),
                      "concepts/ID/embeddings/NUMBER, concepts/ID/aliases/ID or concepts/ID");
  }
  sql << "select body from embeddings where tenant = :t and concept = :c and version = :v",
      soci::use(tenant), soci::use(owner), soci::use(version), soci::into(body);
  return sql.got_data() ? absl::OkStatus() : NoSuch("name", name);
}

}  // namespace

struct Embeddings::Addition {
  std::string concept_id;
  v1::Concept wanted;
  // Empty: not idempotent.
  std::string origin;
  std::string payload_sha256;
  std::string content;
  v1::Embedding embedding;  // all but name, sha256, bytes and time
};

absl::StatusOr<v1::Embedding> Embeddings::Add(Addition addition, bool& committed) {
  v1::Embedding& embedding = addition.embedding;
  ASSIGN_OR_RETURN(const RecordedBlobs::Held file, blobs_.Put(addition.content));
  embedding.set_sha256(file.sha256());
  embedding.set_bytes(static_cast<int64_t>(addition.content.size()));
  RETURN_IF_ERROR(database_.Write([&](soci::session& sql) -> absl::Status {
    const std::string tenant = kTenant;
    std::string body;
    std::string payload;
    sql << "select body, payload_sha256 from embeddings where tenant = :t and origin = :o"
           " and origin <> ''",
        soci::use(tenant), soci::use(addition.origin), soci::into(body), soci::into(payload);
    if (sql.got_data()) {
      if (payload == addition.payload_sha256) return FromJsonText(body, embedding);
      return absl::AlreadyExistsError("request_id: was used for another import");
    }
    ASSIGN_OR_RETURN(const int64_t version, NextVersion(sql, addition.concept_id, addition.wanted));
    embedding.set_name(absl::StrCat("concepts/", addition.concept_id, "/embeddings/", version));
    *embedding.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
    ASSIGN_OR_RETURN(body, ToJsonText(embedding));
    sql << "insert into embeddings (tenant, concept, version, origin, payload_sha256, sha256, body)"
           " values (:t, :c, :v, :o, :p, :h, :b)",
        soci::use(tenant), soci::use(addition.concept_id), soci::use(version),
        soci::use(addition.origin), soci::use(addition.payload_sha256), soci::use(file.sha256()),
        soci::use(body);
    committed = true;
    return absl::OkStatus();
  }));
  return embedding;
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
  // The model may have been taken out of the list since: its identity is then the file's.
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
  // Whichever tool's file came in, ours is kept, and says the concept's word.
  addition.content = SerializeLearnedEmbedding(parsed);
  bool committed = false;
  return Add(std::move(addition), committed);
}

absl::StatusOr<v1::Embedding> Embeddings::Get(const std::string& name) {
  v1::Embedding embedding;
  RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    std::string body;
    RETURN_IF_ERROR(FindRow(sql, name, body));
    return FromJsonText(body, embedding);
  }));
  return embedding;
}

absl::StatusOr<std::vector<v1::Embedding>> Embeddings::List(const std::string& parent,
                                                            const Page& page, std::string& next) {
  std::string owner;
  if (parent != "concepts/-") {
    ASSIGN_OR_RETURN(owner, ParseResourceId("parent", parent, "concepts"));
  }
  int64_t before = INT64_MAX;
  if (!page.after.empty() && !absl::SimpleAtoi(page.after, &before)) {
    return FieldError("page_token", "one of another list", "next_page_token of this list");
  }
  std::vector<v1::Embedding> embeddings;
  RETURN_IF_ERROR(database_.Read([&](soci::session& sql) -> absl::Status {
    const std::string tenant = kTenant;
    if (!owner.empty()) {
      int there = 0;
      sql << "select count(*) from concepts where tenant = :t and id = :id", soci::use(tenant),
          soci::use(owner), soci::into(there);
      if (there == 0) return NoSuch("parent", parent);
    }
    const int limit = page.size + 1;
    int64_t number = 0;
    int64_t last = 0;
    std::string body;
    soci::statement rows =
        (sql.prepare << "select number, body from embeddings where tenant = :t and number < :before"
                        " and (:owner = '' or concept = :owner) order by number desc limit :limit",
         soci::use(tenant, "t"), soci::use(before, "before"), soci::use(owner, "owner"),
         soci::use(limit, "limit"), soci::into(number), soci::into(body));
    PageRoom room(page);
    rows.execute();
    while (rows.fetch()) {
      if (!room.Take(body.size())) {
        next = absl::StrCat(last);
        break;
      }
      RETURN_IF_ERROR(FromJsonText(body, embeddings.emplace_back()));
      last = number;
    }
    return absl::OkStatus();
  }));
  return embeddings;
}

absl::StatusOr<std::string> Embeddings::Content(const v1::Embedding& embedding) {
  return blobs_.Get(embedding.sha256(), kMaxFileBytes);
}

}  // namespace imprint
