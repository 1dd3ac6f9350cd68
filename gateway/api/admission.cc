#include "gateway/api/admission.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "gateway/api/prompt_check.h"
#include "gateway/api/registry_answer.h"
#include "gateway/api/set_admission.h"
#include "gateway/api/spec_parser.h"
#include "sets/coverage.h"
#include "text/policy/policy_file.h"

namespace imprint::gateway {
namespace {

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

}  // namespace

absl::StatusOr<NewJob> Admit(const v1::CreateTrainingJobRequest& request, RegistryClient& registry,
                             const AdmissionRules& rules) {
  ASSIGN_OR_RETURN(v1::TrainingSpec spec, ParseTrainingSpec(request.spec()));
  for (int i = 0; i < spec.templates_size(); ++i) {
    RETURN_IF_ERROR(CheckPolicy(rules.policy, absl::StrCat("spec.templates[", i, "]"),
                                spec.templates(i), PromptStyle::kLiteral));
  }
  ASSIGN_OR_RETURN(NewJob created, Common(request));
  const auto model = registry.GetBaseModel(spec.base_model());
  if (!model.ok()) return For("spec.base_model", model.status());
  RETURN_IF_ERROR(FitToModel(*model, spec));
  RETURN_IF_ERROR(CheckCaps(rules.caps, spec));
  RETURN_IF_ERROR(
      For("spec.reference_set", registry.GetReferenceSet(spec.reference_set()).status()));
  RETURN_IF_ERROR(CheckConcept(spec, registry));
  ASSIGN_OR_RETURN(const auto checked, CheckTokens(*model, {spec.token()}, {"spec.token"},
                                                   spec.concept_name(), registry));
  for (const std::string& other : checked.other_concepts()) {
    if (static_cast<size_t>(created.job.warnings_size()) == kMostWarnings) break;
    created.job.add_warnings(absl::StrCat("spec.token: ", other, " has ", spec.token(),
                                          ", too; a set of pictures can have one of them"));
  }
  created.model = Location(*model);
  *created.job.mutable_training() = std::move(spec);
  return created;
}

absl::StatusOr<NewJob> Admit(const v1::CreateImageSetJobRequest& request, RegistryClient& registry,
                             const AdmissionRules& rules) {
  ASSIGN_OR_RETURN(NewJob created, Common(request));
  ASSIGN_OR_RETURN(AdmittedSet set, AdmitSet(request.spec(), registry, rules));
  if (set.plan != nullptr) {
    RETURN_IF_ERROR(sets::CheckQuotas(set.plan->plan(), sets::CoverageOf(*set.plan)));
  }
  // The set is the job's own and is named like it.
  set.spec.set_image_set(
      absl::StrCat("imageSets/", created.job.name().substr(sizeof("jobs/") - 1)));
  created.model = Location(set.model);
  created.item_work = set.item_work;
  created.job.set_items_total(set.items);
  created.job.mutable_warnings()->Assign(set.warnings.begin(), set.warnings.end());
  *created.job.mutable_image_set() = std::move(set.spec);
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
