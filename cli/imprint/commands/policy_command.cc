// imprint policy check: what a policy of prompts says, and whether texts and plans are within it.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/set_lookup.h"
#include "cli/program/table.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_file.h"
#include "sets/plan_file.h"
#include "text/policy/policy_file.h"

namespace imprint::cli {
namespace {

struct PolicyOptions {
  std::string file;
  std::vector<std::string> prompts;
  std::vector<std::string> plans;
};

// The first prompt of a plan that is blocked.
absl::Status CheckPlanIn(const PromptPolicy& policy, const std::string& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file, sets::kMaxPlanBytes));
  ASSIGN_OR_RETURN(const auto plan, ReadExpansion(text, file));
  absl::Status blocked;
  plan->ForEachCombination(plan->AxesOfPrompts(), [&](const auto& cell, int64_t) {
    const PictureRequest request = plan->RequestOf(cell);
    blocked = CheckPolicy(
        &policy, absl::StrCat(plan->plan().prompt_place, ": prompt of ", plan->KeyOf(cell, 1)),
        request.prompt, request.prompt_style);
    return blocked.ok();
  });
  return blocked;
}

absl::Status CheckPolicyFile(const PolicyOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const PromptPolicy policy, ReadPolicy(options.file));
  Console& console = context.console;
  console.Line("policy", absl::StrCat(CountText(static_cast<int64_t>(policy.blocked()), "phrase"),
                                      " blocked, ", policy.allowed(), " allowed"));
  console.Event("policy", {{"blocked", policy.blocked()}, {"allowed", policy.allowed()}});
  absl::Status first;
  const auto tell = [&](const std::string& what, const absl::Status& status) {
    if (first.ok()) first = status;
    console.Line(status.ok() ? "allowed" : "blocked",
                 status.ok() ? what : std::string(status.message()));
    console.Event(
        "checked",
        {{"what", what}, {"blocked", !status.ok()}, {"message", std::string(status.message())}});
  };
  for (size_t i = 0; i < options.prompts.size(); ++i) {
    tell(options.prompts[i], CheckPolicy(&policy, absl::StrCat("--prompt[", i, "]"),
                                         options.prompts[i], PromptStyle::kEmphasis));
  }
  for (const std::string& plan : options.plans) tell(plan, CheckPlanIn(policy, plan));
  return first;
}

}  // namespace

Command MakePolicyCommand(CLI::App& app) {
  CLI::App* policy = app.add_subcommand("policy", "What prompts may not say.");
  policy->require_subcommand(1);
  CLI::App* check = policy->add_subcommand(
      "check",
      "Read a policy as --prompt-policy of gateway and sampler reads it, and hold texts and plans "
      "against it.\n\n"
      "  imprint policy check policy.yaml --prompt \"a knight\" --plan docs/cookbook/day.yaml\n");
  const auto options = std::make_shared<PolicyOptions>();
  check->add_option("FILE", options->file, "The policy, in YAML")->type_name("")->required();
  check->add_option("--prompt", options->prompts, "A prompt to look at; repeatable")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  check->add_option("--plan", options->plans, "A plan to look at; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  return {check, [options](CommandContext& context) { return CheckPolicyFile(*options, context); }};
}

}  // namespace imprint::cli
