#include "gateway/api/spec_parser.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include <google/protobuf/message.h>

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "base/text_field.h"
#include "gateway/jobs/item_plan.h"
#include "orders/precision.h"
#include "orders/set_limits.h"
#include "orders/solver_choice.h"
#include "orders/training_settings.h"
#include "orders/upscaling.h"
#include "orders/wire/picture_wire.h"
#include "orders/wire/training_wire.h"
#include "sets/plan_file.h"

namespace imprint::gateway {
namespace {

constexpr int kMostRanks = 1024;
// Asks for as many ranks as are useful and free.
constexpr int kAutomaticRanks = -1;
constexpr int kMaxPrompts = 10'000;
constexpr int kMaxSeeds = 10'000;
constexpr int kMaxRedraws = 1000;
// Answers carry the spec and more, and callers' gRPC takes 4 MiB unless it is told otherwise.
constexpr int64_t kMaxSpecBytes = 3 << 20;
constexpr int kMaxLabels = 32;
constexpr int kNanosPerSecond = 1'000'000'000;
constexpr double kLongestTimeoutSeconds = 366.0 * 86'400;
constexpr int kDefaultMaxAttempts = 5;

// "steps: got 0" -> "spec.recipe.steps: got 0".
absl::Status Under(absl::string_view prefix, const absl::Status& status) {
  if (status.ok()) return status;
  return {status.code(), absl::StrCat(prefix, status.message())};
}

template <typename Enum>
absl::Status CheckKnown(absl::string_view field, Enum value, bool known) {
  if (known) return absl::OkStatus();
  return FieldError(field, absl::StrCat(static_cast<int>(value)), "a value of the enum");
}

// Ranks share a step's samples, so that those beyond their number would have nothing to do.
absl::Status FillRanks(v1::TrainingSpec& spec) {
  const int samples = std::min(spec.recipe().batch() * spec.recipe().accumulation(), kMostRanks);
  if (spec.ranks() == kAutomaticRanks) {
    spec.set_ranks(samples);
    if (spec.min_ranks() == 0) spec.set_min_ranks(1);
  }
  if (spec.ranks() == 0) spec.set_ranks(1);
  if (spec.ranks() < 1 || spec.ranks() > samples) {
    return FieldError("spec.ranks", absl::StrCat(spec.ranks()),
                      absl::StrCat("1 to ", samples, ", the samples of a step, or -1"));
  }
  if (spec.min_ranks() == 0) spec.set_min_ranks(spec.ranks());
  return CheckRange("spec.min_ranks", spec.min_ranks(), 1, spec.ranks());
}

absl::Status CheckBytes(const google::protobuf::Message& spec, absl::string_view advice) {
  const auto bytes = static_cast<int64_t>(spec.ByteSizeLong());
  if (bytes <= kMaxSpecBytes) return absl::OkStatus();
  return FieldError("spec", absl::StrCat(bytes, " bytes"),
                    absl::StrCat("at most ", kMaxSpecBytes, advice));
}

absl::Status CheckSide(absl::string_view field, int side, int most, const v1::BaseModel& model) {
  const int multiple = std::max(model.size_multiple(), 1);
  if (side >= multiple && side <= most && side % multiple == 0) return absl::OkStatus();
  return FieldError(field, absl::StrCat(side),
                    absl::StrCat("a multiple of ", multiple, " up to ", most));
}

// Returns "auto" or a precision's name. What "auto" means is for the scheduler to say, which knows
// the nodes (take_snapshot.cc).
absl::StatusOr<std::string> ParsePrecisionName(const std::string& name) {
  if (name.empty()) return "auto";
  RETURN_IF_ERROR(ParsePrecision("spec.precision", name).status());
  return name;
}

absl::Status CheckClipSkip(const v1::BaseModel& model, const v1::ImageSetSpec& spec) {
  const int most = model.text_layers() > 0 ? model.text_layers() : kMaxClipSkip;
  return CheckRange("spec.clip_skip", spec.clip_skip(), 1, most);
}

}  // namespace

absl::Status CheckLengths(const v1::TrainingSpec& spec) {
  RETURN_IF_ERROR(CheckBytes(spec, ""));
  return CheckRange("spec.templates", spec.templates_size(), 0, kMaxTemplates);
}

absl::Status CheckLengths(const v1::ImageSetSpec& spec) {
  RETURN_IF_ERROR(CheckBytes(spec, "; make several sets"));
  RETURN_IF_ERROR(CheckRange("spec.embeddings", spec.embeddings_size(), 0, kMaxSetEmbeddings));
  if (spec.plan().size() > sets::kMaxPlanBytes) {
    return FieldError("spec.plan", absl::StrCat(spec.plan().size(), " bytes"),
                      absl::StrCat("at most ", sets::kMaxPlanBytes));
  }
  if (spec.has_redraw()) {
    RETURN_IF_ERROR(CheckRange("spec.redraw.items", spec.redraw().items_size(), 1, kMaxRedraws));
  }
  if (!spec.plan().empty() || spec.has_redraw()) {
    const absl::string_view other = spec.has_redraw() ? "spec.redraw" : "spec.plan";
    const auto none = [other](absl::string_view field, int64_t given) {
      if (given == 0) return absl::OkStatus();
      return FieldError(field, absl::StrCat(given), absl::StrCat("none beside ", other));
    };
    RETURN_IF_ERROR(none("spec.prompts", spec.prompts_size()));
    return none("spec.seeds", spec.seeds_size());
  }
  RETURN_IF_ERROR(CheckRange("spec.prompts", spec.prompts_size(), 1, kMaxPrompts));
  RETURN_IF_ERROR(CheckRange("spec.seeds", spec.seeds_size(), 1, kMaxSeeds));
  return CheckRange("spec.prompts × spec.seeds", ItemCount(spec), 1, kMaxSetPictures);
}

absl::StatusOr<v1::TrainingSpec> ParseTrainingSpec(const v1::TrainingSpec& given) {
  RETURN_IF_ERROR(CheckLengths(given));
  v1::TrainingSpec spec = given;
  RETURN_IF_ERROR(ParseResourceName("spec.base_model", spec.base_model(), "baseModels/*").status());
  RETURN_IF_ERROR(
      ParseResourceName("spec.reference_set", spec.reference_set(), "referenceSets/*").status());
  RETURN_IF_ERROR(
      ParseResourceName("spec.concept_name", spec.concept_name(), "concepts/*").status());
  ASSIGN_OR_RETURN(const TrainingSettings settings, ParseSettings(spec, "spec."));
  FillSettings(settings, nullptr, spec);
  RETURN_IF_ERROR(FillRanks(spec));
  RETURN_IF_ERROR(CheckRange("spec.compute_threads", spec.compute_threads(), 0, 1024));
  ASSIGN_OR_RETURN(*spec.mutable_precision(), ParsePrecisionName(spec.precision()));
  return spec;
}

absl::StatusOr<v1::ImageSetSpec> ParseImageSetSpec(const v1::ImageSetSpec& given) {
  RETURN_IF_ERROR(CheckLengths(given));
  v1::ImageSetSpec spec = given;
  RETURN_IF_ERROR(ParseResourceName("spec.base_model", spec.base_model(), "baseModels/*").status());
  for (int i = 0; i < spec.prompts_size(); ++i) {
    RETURN_IF_ERROR(
        CheckText(absl::StrCat("spec.prompts[", i, "]"), spec.prompts(i), kMaxPromptBytes));
  }
  RETURN_IF_ERROR(CheckText("spec.negative_prompt", spec.negative_prompt(), kMaxPromptBytes,
                            /*may_be_empty=*/true));
  ASSIGN_OR_RETURN(const PictureRequest pictures, ParsePictures(spec, "spec."));
  const bool models_solver = spec.solver().empty();
  FillPictures(
      pictures, [&](const auto& row) { return !(row.models_own && models_solver); }, spec);
  RETURN_IF_ERROR(
      CheckKnown("spec.format", spec.format(), v1::PictureFormat_IsValid(spec.format())));
  if (spec.format() == v1::PICTURE_FORMAT_UNSPECIFIED) spec.set_format(v1::PICTURE_FORMAT_PNG);
  RETURN_IF_ERROR(CheckText("spec.title", spec.title(), kMaxSetTitleBytes, /*may_be_empty=*/true));
  if (!spec.image_set().empty()) {
    return FieldError("spec.image_set", Quoted(spec.image_set()), "nothing: the server names it");
  }
  ASSIGN_OR_RETURN(*spec.mutable_precision(), ParsePrecisionName(spec.precision()));
  RETURN_IF_ERROR(CheckRange("spec.batch_places", spec.batch_places(), 0, kMostChunkItems));
  if (!spec.extends().empty()) {
    if (spec.plan().empty()) {
      return FieldError("spec.extends", Quoted(spec.extends()), "nothing without spec.plan");
    }
    RETURN_IF_ERROR(ParseResourceName("spec.extends", spec.extends(), "imageSets/*").status());
  }
  return spec;
}

absl::Status FitToModel(const v1::BaseModel& model, v1::TrainingSpec& spec) {
  ASSIGN_OR_RETURN(const int size, TrainingSize(spec.size(), model.picture_size(),
                                                std::max(model.size_multiple(), 1), "spec."));
  spec.set_size(size);
  return absl::OkStatus();
}

absl::Status FitToModel(const v1::BaseModel& model, v1::ImageSetSpec& spec) {
  const int multiple = std::max(model.size_multiple(), 1);
  spec.set_size_multiple(multiple);
  if (spec.width() == 0) spec.set_width(model.picture_size());
  if (spec.height() == 0) spec.set_height(spec.width());
  // Models that were registered before solvers had names draw as they did.
  if (spec.solver().empty()) spec.set_solver(model.solver().empty() ? "ddim" : model.solver());
  ASSIGN_OR_RETURN(const SolverChoice solver, ParseSolver("spec.solver", spec.solver()));
  RETURN_IF_ERROR(Under("spec.", CheckSolving(solver, spec.steps(), kMaxSolverSteps, spec.eta())));
  RETURN_IF_ERROR(CheckSide("spec.width", spec.width(), kMaxPictureSide, model));
  RETURN_IF_ERROR(CheckSide("spec.height", spec.height(), kMaxPictureSide, model));
  const PictureSize size = {spec.width(), spec.height()};
  RETURN_IF_ERROR(Under("spec.", CheckUpscaling(size, multiple, solver, spec.steps(),
                                                spec.upscale(), spec.upscale_strength())));
  const PictureSize finished = Enlarged(size, spec.upscale(), multiple);
  spec.set_picture_width(finished.width);
  spec.set_picture_height(finished.height);
  return CheckClipSkip(model, spec);
}

absl::StatusOr<v1::JobPriority> ParsePriority(v1::JobPriority priority) {
  RETURN_IF_ERROR(CheckKnown("priority", priority, v1::JobPriority_IsValid(priority)));
  return priority == v1::JOB_PRIORITY_UNSPECIFIED ? v1::JOB_PRIORITY_NORMAL : priority;
}

absl::StatusOr<int> ParseMaxAttempts(int max_attempts) {
  RETURN_IF_ERROR(CheckRange("max_attempts", max_attempts, 0, 100));
  return max_attempts == 0 ? kDefaultMaxAttempts : max_attempts;
}

absl::Status CheckTimeouts(const v1::JobTimeouts& timeouts) {
  const auto check = [](absl::string_view field, bool set,
                        const google::protobuf::Duration& timeout) -> absl::Status {
    // With other nanos it is no Duration, and a message with it has no JSON to be stored as.
    RETURN_IF_ERROR(
        CheckRange(absl::StrCat(field, ".nanos"), timeout.nanos(), 0, kNanosPerSecond - 1));
    const auto seconds = static_cast<double>(timeout.seconds()) + timeout.nanos() / 1e9;
    if (!set || (seconds >= 1 && seconds <= kLongestTimeoutSeconds)) return absl::OkStatus();
    return FieldError(field, absl::StrCat(seconds, " s"), "1 second to 366 days");
  };
  RETURN_IF_ERROR(check("timeouts.queue", timeouts.has_queue(), timeouts.queue()));
  RETURN_IF_ERROR(check("timeouts.attempt", timeouts.has_attempt(), timeouts.attempt()));
  return check("timeouts.total", timeouts.has_total(), timeouts.total());
}

absl::Status CheckRequestId(const std::string& request_id) {
  return CheckText("request_id", request_id, 100, /*may_be_empty=*/true);
}

absl::Status CheckLabels(const google::protobuf::Map<std::string, std::string>& labels) {
  RETURN_IF_ERROR(CheckRange("labels", static_cast<int64_t>(labels.size()), 0, kMaxLabels));
  for (const auto& [key, value] : labels) {
    RETURN_IF_ERROR(CheckText("labels", key, 100));
    RETURN_IF_ERROR(CheckText(absl::StrCat("labels.", key), value, 200, /*may_be_empty=*/true));
  }
  return absl::OkStatus();
}

}  // namespace imprint::gateway
