// imprint set check; the others have files of their own.
#include "cli/imprint/commands/set_commands.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/set_lookup.h"
#include "cli/program/table.h"
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/text_file.h"
#include "orders/field_table.h"
#include "orders/picture_request.h"
#include "sets/coverage.h"
#include "sets/expansion.h"
#include "sets/plan_file.h"

namespace imprint::cli {
namespace {

// Each value of each axis, with its pictures.
std::string AxesText(const sets::Plan& plan, const sets::Coverage& coverage) {
  Table table({"AXIS", "VALUE", "PICTURES", "SHARE", "SEED"});
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    const sets::Axis& axis = plan.axes[i];
    for (size_t j = 0; j < axis.values.size(); ++j) {
      const int64_t pictures = coverage.of_values[i][j];
      table.Add({j == 0 ? axis.name : "", axis.values[j].name, absl::StrCat(pictures),
                 sets::Percent(sets::QuotaCount{pictures, coverage.pictures}.share()),
                 j == 0 && axis.same_seed ? "the same" : ""});
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
          {"seed", item.request.seed},
          {"settings", ToJson<PictureRequest>(kPictureFields, item.request)},
          {"alt_text", item.alt_text}};
}

// In the plan's order, which an object would not keep.
nlohmann::json AxesJson(const sets::Plan& plan, const sets::Coverage& coverage) {
  nlohmann::json axes = nlohmann::json::array();
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    const sets::Axis& axis = plan.axes[i];
    nlohmann::json values = nlohmann::json::array();
    for (size_t j = 0; j < axis.values.size(); ++j) {
      values.push_back({{"name", axis.values[j].name},
                        {"weight", axis.values[j].weight},
                        {"pictures", coverage.of_values[i][j]}});
    }
    axes.push_back({{"name", axis.name}, {"same_seed", axis.same_seed}, {"values", values}});
  }
  return axes;
}

nlohmann::json QuotasJson(const sets::Plan& plan, const sets::Coverage& coverage) {
  nlohmann::json quotas = nlohmann::json::array();
  for (size_t i = 0; i < plan.quotas.size(); ++i) {
    quotas.push_back({{"name", plan.quotas[i].name},
                      {"at_least", plan.quotas[i].at_least},
                      {"at_most", plan.quotas[i].at_most},
                      {"pictures", coverage.quotas[i].of},
                      {"out_of", coverage.quotas[i].where},
                      {"met", sets::IsMet(plan.quotas[i], coverage.quotas[i])}});
  }
  return quotas;
}

void ShowForPeople(const sets::Expansion& expansion, const sets::Coverage& coverage,
                   Console& console) {
  const sets::Plan& plan = expansion.plan();
  console.Line("plan",
               plan.title.empty() ? plan.origin : absl::StrCat(plan.title, " (", plan.origin, ")"));
  if (!plan.base_model.empty()) console.Line("model", plan.base_model);
  for (const std::string& embedding : plan.embeddings) console.Line("embedding", embedding);
  const int64_t cells = coverage.cells - coverage.excluded_cells;
  console.Line("pictures",
               absl::StrCat(coverage.pictures, ", of ", CountText(cells, "cell"),
                            coverage.excluded_cells > 0
                                ? absl::StrCat("; ", coverage.excluded_cells, " excluded")
                                : ""));
  for (const auto& [label, index] :
       {std::pair("first", int64_t{0}), std::pair("last", expansion.size() - 1)}) {
    const sets::Item item = expansion.At(index);
    console.Line(label, absl::StrCat(item.key, ", seed ", item.request.seed));
    console.Line("", item.request.prompt);
    for (const auto& [language, text] : item.alt_text) {
      console.Line("", absl::StrCat(language, ": ", text));
    }
  }
  console.Text(absl::StrCat("\n", AxesText(plan, coverage)));
  if (!plan.quotas.empty()) console.Text(absl::StrCat("\n", QuotasText(plan, coverage)));
}

struct CheckOptions {
  std::string plan;
  bool with_server = false;
};

// Asks the gateway what only it and its registry know.
absl::Status CheckWithServer(const std::string& text, const sets::Expansion& plan,
                             CommandContext& context) {
  v1::CheckPlanRequest request;
  request.mutable_spec()->set_plan(text);
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const SetParts parts, FindSetParts(plan, "", {}, *gateway));
  FillParts(parts, *request.mutable_spec());
  ASSIGN_OR_RETURN(const v1::CheckPlanResponse check, gateway->Call(&JobCalls::CheckPlan, request));
  for (const std::string& warning : check.warnings()) context.console.Warn(warning);
  context.console.Line("server", absl::StrCat("it can be drawn with ", check.spec().base_model()));
  nlohmann::json event = {{"spec", ToJson(check.spec())}, {"warnings", ToJson(check.warnings())}};
  if (check.has_device_time()) {
    const double seconds =
        static_cast<double>(check.device_time().seconds()) + check.device_time().nanos() / 1e9;
    const absl::Duration time = absl::Seconds(std::ceil(seconds));
    context.console.Line("time", absl::StrCat("about ", absl::FormatDuration(time),
                                              " on one sampler, as quick as so far"));
    event["device_seconds"] = seconds;
  } else {
    context.console.Line("time", "unknown until this server has drawn with the model");
  }
  context.console.Event("server", event);
  return absl::OkStatus();
}

absl::Status CheckPlan(const CheckOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(options.plan, sets::kMaxPlanBytes));
  ASSIGN_OR_RETURN(const auto made, ReadExpansion(text, options.plan));
  const sets::Expansion& expansion = *made;
  const sets::Plan* const plan = &expansion.plan();
  const sets::Coverage coverage = sets::CoverageOf(expansion);
  ShowForPeople(expansion, coverage, context.console);
  context.console.Event("plan", {{"title", plan->title},
                                 {"base_model", plan->base_model},
                                 {"embeddings", plan->embeddings},
                                 {"cells", coverage.cells},
                                 {"excluded_cells", coverage.excluded_cells},
                                 {"pictures", coverage.pictures},
                                 {"axes", AxesJson(*plan, coverage)},
                                 {"quotas", QuotasJson(*plan, coverage)},
                                 {"first", ItemJson(expansion.At(0))},
                                 {"last", ItemJson(expansion.At(expansion.size() - 1))}});
  RETURN_IF_ERROR(sets::CheckQuotas(*plan, coverage));
  return options.with_server ? CheckWithServer(text, expansion, context) : absl::OkStatus();
}

}  // namespace

std::vector<Command> MakeSetCommands(CLI::App& app) {
  CLI::App* set = app.add_subcommand("set", "Sets of pictures, each from a plan.");
  set->require_subcommand(1);
  CLI::App* check = set->add_subcommand(
      "check",
      "Say which pictures a plan asks for, and whether its quotas are met; draws nothing.");
  const auto options = std::make_shared<CheckOptions>();
  check->add_option("PLAN", options->plan, "The plan, in YAML or JSON")->type_name("")->required();
  check->add_flag("--with-server", options->with_server,
                  "Hold it against the server's models and concepts, too, and estimate the time");
  return {{check, [options](CommandContext& context) { return CheckPlan(*options, context); }},
          MakeSetDrawCommand(*set),
          MakeSetExtendCommand(*set),
          MakeWatchCommand(*set),
          MakeSetReportCommand(*set),
          MakeSetRedrawCommand(*set)};
}

}  // namespace imprint::cli
