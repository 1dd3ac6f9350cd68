// Admission of an image set: its plan is read, its model and embeddings exist, fit together and are
// pinned, and its prompts can be read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <imprint/v1/imageset.pb.h>
#include <imprint/v1/registry.pb.h>

#include "gateway/api/admission_rules.h"
#include "gateway/peers/registry_client.h"
#include "sets/expansion.h"

namespace imprint::gateway {

struct AdmittedSet {
  // With every default filled in.
  v1::ImageSetSpec spec;
  // Null if the spec has none. Whether its quotas are met is for the caller to look at.
  std::shared_ptr<const sets::Expansion> plan;
  v1::BaseModel model;
  int64_t items = 0;
  // The mean work of a picture (gateway/jobs/item_plan.h).
  double item_work = 0;
  // At most kMostWarnings.
  std::vector<std::string> warnings;
};

// Returns CANCELLED if nobody waits any more, INVALID_ARGUMENT for a bad field or one beyond the
// caps, NOT_FOUND for what is not in the registry, and FAILED_PRECONDITION for what does not fit
// together; each names the field and, in a plan, line, column and picture.
absl::StatusOr<AdmittedSet> AdmitSet(const v1::ImageSetSpec& spec, RegistryClient& registry,
                                     const AdmissionRules& rules);

}  // namespace imprint::gateway
