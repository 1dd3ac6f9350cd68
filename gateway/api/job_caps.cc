#include "gateway/api/job_caps.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "gateway/jobs/item_plan.h"

namespace imprint::gateway {
namespace {

struct Flag {
  const char* name;
  std::optional<int64_t> JobCaps::*cap;
  const char* text;
};

constexpr Flag kPictureSide = {"max-picture-side", &JobCaps::picture_side,
                               "Pixels of a finished picture's longer side"};
constexpr Flag kDrawSteps = {"max-draw-steps", &JobCaps::draw_steps, "Solver steps of a picture"};
constexpr Flag kItems = {"max-items", &JobCaps::items, "Pictures of an image set"};
constexpr Flag kTrainingSide = {"max-training-side", &JobCaps::training_side,
                                "Pixels a side that a concept is taught at"};
constexpr Flag kTrainingSteps = {"max-training-steps", &JobCaps::training_steps,
                                 "Updates of a training"};
constexpr Flag kTrainingSamples = {"max-training-samples", &JobCaps::training_samples,
                                   "Samples of one update: batch times accumulation"};

constexpr const Flag* kFlags[] = {&kPictureSide,  &kDrawSteps,     &kItems,
                                  &kTrainingSide, &kTrainingSteps, &kTrainingSamples};

absl::Status CheckCap(const JobCaps& caps, const Flag& flag, absl::string_view field,
                      int64_t value) {
  const std::optional<int64_t>& cap = caps.*flag.cap;
  if (!cap || value <= *cap) return absl::OkStatus();
  return FieldError(field, absl::StrCat(value),
                    absl::StrCat("at most ", *cap, ", as this server's --", flag.name, " says"));
}

}  // namespace

void AddFlags(CLI::App& app, JobCaps& caps) {
  for (const Flag* flag : kFlags) {
    app.add_option(absl::StrCat("--", flag->name), caps.*flag->cap, flag->text)
        ->group("What a job may ask for");
  }
}

absl::Status CheckFlags(const JobCaps& caps) {
  for (const Flag* flag : kFlags) {
    const std::optional<int64_t>& cap = caps.*flag->cap;
    if (cap && *cap < 1) return FieldError(flag->name, absl::StrCat(*cap), "1 or more");
  }
  return absl::OkStatus();
}

absl::Status CheckCaps(const JobCaps& caps, const v1::TrainingSpec& spec) {
  const v1::TrainingRecipe& recipe = spec.recipe();
  RETURN_IF_ERROR(CheckCap(caps, kTrainingSide, "spec.size", spec.size()));
  RETURN_IF_ERROR(CheckCap(caps, kTrainingSteps, "spec.recipe.steps", recipe.steps()));
  return CheckCap(caps, kTrainingSamples, "spec.recipe.batch × spec.recipe.accumulation",
                  int64_t{recipe.batch()} * recipe.accumulation());
}

absl::Status CheckCaps(const JobCaps& caps, const v1::ImageSetSpec& spec) {
  const absl::string_view enlarged = spec.upscale() > 1 ? " × spec.upscale" : "";
  RETURN_IF_ERROR(CheckCap(caps, kPictureSide, absl::StrCat("spec.width", enlarged),
                           std::max(spec.width(), spec.picture_width())));
  RETURN_IF_ERROR(CheckCap(caps, kPictureSide, absl::StrCat("spec.height", enlarged),
                           std::max(spec.height(), spec.picture_height())));
  return CheckCap(caps, kDrawSteps, "spec.steps", spec.steps());
}

absl::Status CheckItems(const JobCaps& caps, const v1::ImageSetSpec& spec, int64_t items) {
  absl::string_view field = "spec.prompts × spec.seeds";
  if (!spec.plan().empty()) field = "spec.plan";
  if (spec.has_redraw()) field = "spec.redraw.items";
  return CheckCap(caps, kItems, field, items);
}

}  // namespace imprint::gateway
