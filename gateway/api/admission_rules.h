// What admission goes by, beside the request and the registry.
#pragma once

#include <functional>

#include "gateway/api/job_caps.h"
#include "sets/expansion_cache.h"
#include "text/policy/prompt_policy.h"

namespace imprint::gateway {

struct AdmissionRules {
  const JobCaps& caps;
  // Where plans are expanded, so that whoever draws one need not do it again.
  sets::ExpansionCache& plans;
  // May be null.
  const PromptPolicy* policy = nullptr;
  // Whether nobody waits for the answer any more: asked now and then while a large plan is looked
  // at. May be empty.
  std::function<bool()> is_gone = nullptr;
};

}  // namespace imprint::gateway
