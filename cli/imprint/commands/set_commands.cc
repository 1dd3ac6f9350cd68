// imprint set check.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/imprint/commands/command.h"
#include "cli/program/table.h"

#include "base/status_macros.h"
#include "sets/coverage.h"
#include "sets/expansion.h"
#include "sets/plan_file.h"

namespace imprint::cli {
namespace {

// Each value of each axis, with its pictures.
std::string AxesText(const sets::Plan& plan, const sets::Coverage& coverage) {
  Table table({"AXIS", "VALUE", "PICTURES", "SHARE"});
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    const sets::Axis& axis = plan.axes[i];
    for (size_t j = 0; j < axis.values.size(); ++j) {
      const int64_t pictures = coverage.of_values[i][j];
      table.Add(
          {j == 0 ? axis.name : "", axis.values[j].name, absl::StrCat(pictures),
           sets::Percent(static_cast<double>(pictures) / static_cast<double>(coverage.pictures))});
    }
  }
  return table.Text();
}

std::string QuotasText(const sets::Plan& plan, const sets::Coverage& coverage) {
  Table table({"QUOTA", "WANTED", "PICTURES", "SHARE", "MET"});
  for (size_t i = 0; i < plan.quotas.size(); ++i) {
    const sets::Quota& quota = plan.quotas[i];
    const sets::QuotaCount& count = coverage.quotas[i];
    table.Add({quota.name, sets::WantedShare(quota), absl::StrCat(count.of, " of ", count.where),
               sets::Percent(count.share()), sets::IsMet(quota, count) ? "yes" : "NO"});
  }
  return table.Text();
}

nlohmann::json ItemJson(const sets::Item& item) {
  return {{"key", item.key},
          {"prompt", item.request.prompt},
          {"negative_prompt", item.request.negative_prompt},
          {"seed", item.request.seed},
          {"alt_text", item.alt_text}};
}

nlohmann::json PlanJson(const sets::Plan& plan, const sets::Coverage& coverage) {
  nlohmann::json axes = nlohmann::json::object();
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    for (size_t j = 0; j < plan.axes[i].values.size(); ++j) {
      axes[plan.axes[i].name][plan.axes[i].values[j].name] = coverage.of_values[i][j];
    }
  }
  nlohmann::json quotas = nlohmann::json::array();
  for (size_t i = 0; i < plan.quotas.size(); ++i) {
    quotas.push_back({{"name", plan.quotas[i].name},
                      {"at_least", plan.quotas[i].at_least},
                      {"at_most", plan.quotas[i].at_most},
                      {"pictures", coverage.quotas[i].of},
                      {"out_of", coverage.quotas[i].where},
                      {"met", sets::IsMet(plan.quotas[i], coverage.quotas[i])}});
  }
  return {{"title", plan.title},
          {"cells", coverage.cells},
          {"excluded_cells", coverage.excluded_cells},
          {"pictures", coverage.pictures},
          {"axes", axes},
          {"quotas", quotas}};
}

absl::Status CheckPlan(const std::string& file, CommandContext& context) {
  ASSIGN_OR_RETURN(sets::Plan read, sets::ReadPlan(file));
  const auto plan = std::make_shared<const sets::Plan>(std::move(read));
  ASSIGN_OR_RETURN(const sets::Expansion expansion, sets::Expansion::Make(plan));
  const sets::Coverage coverage = sets::CoverageOf(expansion);
  Console& console = context.console;
  console.Line("plan", plan->title.empty() ? file : absl::StrCat(plan->title, " (", file, ")"));
  console.Line("pictures",
               absl::StrCat(coverage.pictures, ", of ",
                            CountText(coverage.cells - coverage.excluded_cells, "cell"),
                            coverage.excluded_cells > 0
                                ? absl::StrCat("; ", coverage.excluded_cells, " excluded")
                                : ""));
  nlohmann::json event = PlanJson(*plan, coverage);
  for (const auto& [label, index] :
       {std::pair("first", int64_t{0}), std::pair("last", expansion.size() - 1)}) {
    const sets::Item item = expansion.At(index);
    console.Line(label, absl::StrCat(item.key, ", seed ", item.request.seed));
    console.Line("", item.request.prompt);
    for (const auto& [language, text] : item.alt_text) {
      console.Line("", absl::StrCat(language, ": ", text));
    }
    event[label] = ItemJson(item);
  }
  console.Text(absl::StrCat("\n", AxesText(*plan, coverage)));
  if (!plan->quotas.empty()) console.Text(absl::StrCat("\n", QuotasText(*plan, coverage)));
  console.Event("plan", std::move(event));
  return sets::CheckQuotas(*plan, coverage);
}

}  // namespace

std::vector<Command> MakeSetCommands(CLI::App& app) {
  CLI::App* set = app.add_subcommand("set", "Sets of pictures that are drawn after a plan.");
  set->require_subcommand(1);
  CLI::App* check = set->add_subcommand(
      "check",
      "Say which pictures a plan asks for, and whether its quotas are met; draws nothing.");
  const auto file = std::make_shared<std::string>();
  check->add_option("PLAN", *file, "The plan, in YAML or JSON")->type_name("")->required();
  return {{check, [file](CommandContext& context) { return CheckPlan(*file, context); }}};
}

}  // namespace imprint::cli
