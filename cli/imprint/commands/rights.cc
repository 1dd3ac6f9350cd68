#include "cli/imprint/commands/rights.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/program/given_flags.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::cli {
namespace {

// One thing that has to be stated.
struct Statement {
  std::string RightsOptions::*field;
  const char* flag;
  const char* variable;
  const char* question;
};

constexpr Statement kStatements[] = {
    {&RightsOptions::creator, "--creator NAME", "IMPRINT_CREATOR", "Who made the pictures? "},
    {&RightsOptions::licence, "--licence TEXT", "IMPRINT_LICENCE",
     "Under which licence do you use them (CC-BY-4.0, own work, ...)? "},
    {&RightsOptions::people, "--people none|consent", "IMPRINT_PEOPLE",
     "Do they show people who can be recognised? none, or consent if they agreed: "},
};
constexpr Statement kConsent = {&RightsOptions::consent, "--consent TEXT", "IMPRINT_CONSENT",
                                "Who agreed to what? "};

// What has to be stated and is not.
std::vector<Statement> Missing(const RightsOptions& options) {
  std::vector<Statement> missing;
  for (const Statement& statement : kStatements) {
    if ((options.*statement.field).empty()) missing.push_back(statement);
  }
  if (options.people == "consent" && options.consent.empty()) missing.push_back(kConsent);
  return missing;
}

absl::Status RefuseMissing(const std::vector<Statement>& missing) {
  std::vector<std::string> flags;
  std::vector<std::string> variables;
  for (const Statement& statement : missing) {
    flags.emplace_back(statement.flag);
    variables.emplace_back(statement.variable);
  }
  return FieldError("rights", "no statement of them",
                    absl::StrCat(absl::StrJoin(flags, " "), " (or ", absl::StrJoin(variables, ", "),
                                 "): pictures are taken only with the rights to use them"));
}

absl::StatusOr<v1::PeopleShown> ParsePeople(const RightsOptions& options) {
  if (options.people == "none") return v1::PEOPLE_SHOWN_NONE;
  if (options.people == "consent") return v1::PEOPLE_SHOWN_WITH_CONSENT;
  return FieldError("people", Quoted(options.people),
                    "none (nobody can be recognised) or consent (those who can have agreed)");
}

}  // namespace

void AddRightsOptions(CLI::App& app, RightsOptions& options) {
  constexpr const char* kGroup = "Rights, all needed";
  const auto add = [&](const char* name, std::string& field, const char* variable,
                       const char* text) {
    return app.add_option(name, field, text)->envname(variable)->group(kGroup);
  };
  add("--creator", options.creator, "IMPRINT_CREATOR", "Who made the pictures")->type_name("NAME");
  add("--licence", options.licence, "IMPRINT_LICENCE",
      "Under which licence they are used: an SPDX identifier or a sentence")
      ->type_name("TEXT");
  add("--people", options.people, "IMPRINT_PEOPLE",
      "none if nobody can be recognised, consent if those who can have agreed")
      ->type_name("none|consent");
  add("--consent", options.consent, "IMPRINT_CONSENT", "Who agreed to what, with --people consent")
      ->type_name("TEXT");
}

absl::Status CheckRightsFlags(const CLI::App& app, const RightsOptions& options) {
  if (options.people != "none") return absl::OkStatus();
  return RefuseFlagsBeside("--people none", app, {"consent"});
}

absl::StatusOr<v1::Rights> StateRights(RightsOptions options, const Ask& ask) {
  if (!options.people.empty()) RETURN_IF_ERROR(ParsePeople(options).status());
  while (true) {
    const std::vector<Statement> missing = Missing(options);
    if (missing.empty()) break;
    if (!ask) return RefuseMissing(missing);
    ASSIGN_OR_RETURN(options.*missing.front().field, ask(missing.front().question));
    if (!options.people.empty() && !ParsePeople(options).ok()) options.people.clear();
  }
  v1::Rights rights;
  rights.set_creator(options.creator);
  rights.set_licence(options.licence);
  ASSIGN_OR_RETURN(const v1::PeopleShown people, ParsePeople(options));
  rights.set_people(people);
  if (people == v1::PEOPLE_SHOWN_WITH_CONSENT) rights.set_consent(options.consent);
  return rights;
}

}  // namespace imprint::cli
