#include "gateway/api/admission.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/field_error.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "gateway/api/prompt_check.h"
#include "gateway/api/spec_parser.h"
#include "gateway/jobs/item_plan.h"
#include "rpc/resource_name.h"
#include "rpc/status.h"

namespace imprint::gateway {
namespace {

// Names the field that an answer is about: "spec.base_model: there is no ...". That the registry
// gives no answer is not the field's fault.
absl::Status For(absl::string_view field, const absl::Status& status) {
  if (status.ok() || absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
    return status;
  }
  return InContext(field, status);
}

std::string Digest(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    // Labels are a map, whose order is otherwise open.
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return Sha256Hex(bytes);
}

// Fills in and checks what both kinds of job have.
template <typename Request>
absl::StatusOr<NewJob> Common(const Request& request) {
  NewJob created;
  created.job.set_name(absl::StrCat("jobs/", NewResourceId()));
  ASSIGN_OR_RETURN(const v1::JobPriority priority, ParsePriority(request.priority()));
  created.job.set_priority(priority);
  ASSIGN_OR_RETURN(const int max_attempts, ParseMaxAttempts(request.max_attempts()));
  created.job.set_max_attempts(max_attempts);
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  RETURN_IF_ERROR(CheckLabels(request.labels()));
  RETURN_IF_ERROR(CheckTimeouts(request.timeouts()));
  if (request.has_timeouts()) *created.job.mutable_timeouts() = request.timeouts();
  *created.job.mutable_labels() = request.labels();
  created.request_id = request.request_id();
  return created;
}

v1::ModelLocation Location(const v1::BaseModel& model) {
  v1::ModelLocation location;
  location.set_name(model.name());
  location.set_folder(model.folder());
  location.set_fingerprint(model.fingerprint());
  return location;
}

// A concept that exists already must be the one that is meant.
absl::Status CheckConcept(const v1::TrainingSpec& spec, RegistryClient& registry) {
  const auto existing = registry.GetConcept(spec.concept_name());
  if (absl::IsNotFound(existing.status())) return absl::OkStatus();
  if (!existing.ok()) return For("spec.concept_name", existing.status());
  if (existing->token() == spec.token()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("spec.token: got ", Quoted(spec.token()), "; ", spec.concept_name(), " has ",
                   Quoted(existing->token()), ": use that, or another concept"));
}

// Whether the tokens can stand beside the model's words; `fields` says where each comes from.
absl::StatusOr<v1::CheckTokensResponse> CheckTokens(const v1::BaseModel& model,
                                                    const std::vector<std::string>& tokens,
                                                    const std::vector<std::string>& fields,
                                                    const std::string& concept_name,
                                                    RegistryClient& registry) {
  auto checked = registry.CheckTokens(model.name(), tokens, concept_name);
  if (!checked.ok()) return For("spec.base_model", checked.status());
  if (checked->problem().empty()) return checked;
  const auto bad = static_cast<size_t>(checked->bad_token());
  return absl::InvalidArgumentError(
      absl::StrCat(bad < fields.size() ? fields[bad] : "spec", ": ", checked->problem()));
}

// Older registries say no state: theirs are all active.
absl::Status CheckUsable(absl::string_view field, const v1::Embedding& embedding) {
  const bool deleted = embedding.state() == v1::EMBEDDING_STATE_DELETED;
  if (!deleted && embedding.state() != v1::EMBEDDING_STATE_BLOCKED) return absl::OkStatus();
  const std::string& why = embedding.state_reason();
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        field, ": ", embedding.name(), deleted ? " is deleted" : " is blocked",
                        why.empty() ? "" : ": ", why, "; name another version")),
                    deleted ? "EMBEDDING_DELETED" : "EMBEDDING_BLOCKED");
}

// The files go to a node within its Start request, which may have kMaxMessageBytes, 16 MiB.
constexpr int64_t kMaxEmbeddingBytes = 8 << 20;

// "concepts/rex/embeddings/3" is of "concepts/rex".
std::string ConceptOf(const v1::Embedding& embedding) {
  return embedding.name().substr(0, embedding.name().find("/embeddings/"));
}

// The embeddings as versions, all of which fit the model.
absl::StatusOr<std::vector<v1::Embedding>> PinEmbeddings(const v1::BaseModel& model,
                                                         RegistryClient& registry,
                                                         v1::ImageSetSpec& spec) {
  int64_t bytes = 0;
  std::vector<v1::Embedding> embeddings;
  for (int i = 0; i < spec.embeddings_size(); ++i) {
    const std::string field = absl::StrCat("spec.embeddings[", i, "]");
    auto embedding = registry.GetEmbedding(spec.embeddings(i));
    if (!embedding.ok()) return For(field, embedding.status());
    RETURN_IF_ERROR(CheckUsable(field, *embedding));
    const std::string& identity = embedding->lineage().text_encoder_identity();
    // Other tools' files do not say which model they were made for; then it is the width that must
    // fit.
    const bool fits = identity.empty() ? embedding->width() == model.embedding_width()
                                       : identity == model.text_encoder_identity();
    if (!fits) {
      return absl::FailedPreconditionError(absl::StrCat(
          field, ": got ", embedding->name(), " (", embedding->width(), " wide, ",
          identity.empty() ? "of unknown family" : identity, "), which does not fit ", model.name(),
          " (", model.embedding_width(), " wide, ", model.text_encoder_identity(), ")"));
    }
    bytes += embedding->bytes();
    spec.set_embeddings(i, embedding->name());
    embeddings.push_back(*std::move(embedding));
  }
  if (bytes > kMaxEmbeddingBytes) {
    return FieldError("spec.embeddings", absl::StrCat("files of ", bytes, " bytes"),
                      absl::StrCat("at most ", kMaxEmbeddingBytes, " in all"));
  }
  return embeddings;
}

void Warn(const std::string& warning, v1::Job& job) {
  if (static_cast<size_t>(job.warnings_size()) < kMostWarnings) job.add_warnings(warning);
}

// Of `others`, those that none of the embeddings is of: whoever wrote a prompt may mean them.
void WarnOfOthers(const std::vector<v1::Embedding>& embeddings,
                  const v1::CheckTokensResponse& checked, v1::Job& job) {
  std::set<std::string> meant;
  for (const v1::Embedding& embedding : embeddings) meant.insert(ConceptOf(embedding));
  for (const std::string& other : checked.other_concepts()) {
    if (meant.count(other) > 0) continue;
    Warn(absl::StrCat("spec.embeddings: ", other, " has one of their tokens, too; it is not drawn"),
         job);
  }
}

// Pins the embeddings, and refuses prompts that name what they are not.
absl::Status FitPrompts(const v1::BaseModel& model, RegistryClient& registry,
                        v1::ImageSetSpec& spec, v1::Job& job) {
  KnownTokens known;
  ASSIGN_OR_RETURN(known.embeddings, PinEmbeddings(model, registry, spec));
  std::vector<std::string> tokens;
  std::vector<std::string> fields;
  for (const v1::Embedding& embedding : known.embeddings) {
    fields.push_back(absl::StrCat("spec.embeddings[", tokens.size(), "]"));
    tokens.push_back(embedding.token());
  }
  ASSIGN_OR_RETURN(const auto checked, CheckTokens(model, tokens, fields, "", registry));
  known.of_model.assign(checked.model_tokens().begin(), checked.model_tokens().end());
  RETURN_IF_ERROR(CheckPrompts(spec, known));
  if (const auto unknown = FindUnknownWord(spec, known)) {
    // Asked only now, to say which concept's embedding is missing.
    const auto others = registry.CheckTokens(model.name(), {unknown->word}, "");
    if (!others.ok()) return For("spec.base_model", others.status());
    return RefuseUnknownWord(*unknown, known,
                             {others->other_concepts().begin(), others->other_concepts().end()});
  }
  WarnOfOthers(known.embeddings, checked, job);
  ASSIGN_OR_RETURN(const auto warnings, WarningsOf(spec, model, known));
  for (const std::string& warning : warnings) Warn(warning, job);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NewJob> Admit(const v1::CreateTrainingJobRequest& request, RegistryClient& registry,
                             const JobCaps& caps) {
  ASSIGN_OR_RETURN(v1::TrainingSpec spec, ParseTrainingSpec(request.spec()));
  ASSIGN_OR_RETURN(NewJob created, Common(request));
  const auto model = registry.GetBaseModel(spec.base_model());
  if (!model.ok()) return For("spec.base_model", model.status());
  RETURN_IF_ERROR(FitToModel(*model, spec));
  RETURN_IF_ERROR(CheckCaps(caps, spec));
  RETURN_IF_ERROR(
      For("spec.reference_set", registry.GetReferenceSet(spec.reference_set()).status()));
  RETURN_IF_ERROR(CheckConcept(spec, registry));
  ASSIGN_OR_RETURN(const auto checked, CheckTokens(*model, {spec.token()}, {"spec.token"},
                                                   spec.concept_name(), registry));
  for (const std::string& other : checked.other_concepts()) {
    Warn(absl::StrCat("spec.token: ", other, " has ", spec.token(),
                      ", too; a set of pictures can have one of them"),
         created.job);
  }
  created.model = Location(*model);
  *created.job.mutable_training() = std::move(spec);
  return created;
}

absl::StatusOr<NewJob> Admit(const v1::CreateImageSetJobRequest& request, RegistryClient& registry,
                             const JobCaps& caps) {
  ASSIGN_OR_RETURN(v1::ImageSetSpec spec, ParseImageSetSpec(request.spec()));
  ASSIGN_OR_RETURN(NewJob created, Common(request));
  const auto model = registry.GetBaseModel(spec.base_model());
  if (!model.ok()) return For("spec.base_model", model.status());
  RETURN_IF_ERROR(FitToModel(*model, spec));
  RETURN_IF_ERROR(CheckCaps(caps, spec));
  RETURN_IF_ERROR(FitPrompts(*model, registry, spec, created.job));
  // The set is the job's own and is named like it.
  spec.set_image_set(absl::StrCat("imageSets/", created.job.name().substr(sizeof("jobs/") - 1)));
  created.model = Location(*model);
  created.job.set_items_total(ItemCount(spec));
  *created.job.mutable_image_set() = std::move(spec);
  return created;
}

std::string PayloadSha256(v1::CreateTrainingJobRequest request) {
  request.clear_request_id();
  return Digest(request);
}

std::string PayloadSha256(v1::CreateImageSetJobRequest request) {
  request.clear_request_id();
  return Digest(request);
}

}  // namespace imprint::gateway
