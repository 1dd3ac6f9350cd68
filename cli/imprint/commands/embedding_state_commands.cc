#include "cli/imprint/commands/embedding_state_commands.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/imprint/client/prompt_embeddings.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/what_stays.h"

#include "base/status_macros.h"

namespace imprint::cli {
namespace {

struct StateOptions {
  std::string name;
  std::string reason;
};

// Which version a name means just now: states are changed by a version's own name alone.
absl::StatusOr<v1::Embedding> Named(const std::string& given, Gateway& gateway) {
  ASSIGN_OR_RETURN(const std::string name, EmbeddingName(given));
  return GetEmbedding(gateway, name);
}

absl::Status Block(const StateOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::Embedding embedding, Named(options.name, *gateway));
  v1::BlockEmbeddingRequest request;
  request.set_name(embedding.name());
  request.set_reason(options.reason);
  ASSIGN_OR_RETURN(const v1::Embedding blocked,
                   gateway->Call(&RegistryCalls::BlockEmbedding, request));
  context.console.Line("blocked", absl::StrCat(blocked.name(), ": ", blocked.state_reason()));
  context.console.Event("blocked", {{"name", blocked.name()}, {"reason", blocked.state_reason()}});
  return absl::OkStatus();
}

absl::Status Unblock(const StateOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::Embedding embedding, Named(options.name, *gateway));
  v1::UnblockEmbeddingRequest request;
  request.set_name(embedding.name());
  ASSIGN_OR_RETURN(const v1::Embedding active,
                   gateway->Call(&RegistryCalls::UnblockEmbedding, request));
  context.console.Line("unblocked", active.name());
  context.console.Event("unblocked", {{"name", active.name()}});
  return absl::OkStatus();
}

absl::Status Delete(const StateOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::Embedding embedding, Named(options.name, *gateway));
  v1::DeleteEmbeddingRequest request;
  request.set_name(embedding.name());
  request.set_reason(options.reason);
  ASSIGN_OR_RETURN(const v1::DeleteEmbeddingResponse deleted,
                   gateway->Call(&RegistryCalls::DeleteEmbedding, request));
  context.console.Line(
      "deleted", absl::StrCat(deleted.embedding().name(), "; what it was made from stays known"));
  TellWhatStays(deleted.embedding().name(), {}, deleted.image_sets(), context.console);
  return absl::OkStatus();
}

Command Make(CLI::App& embeddings, const std::string& name, const std::string& about,
             absl::Status (*run)(const StateOptions&, CommandContext&), const char* reason) {
  const auto options = std::make_shared<StateOptions>();
  CLI::App* command = embeddings.add_subcommand(name, about);
  command->add_option("NAME", options->name, kEmbeddingNameHelp)->type_name("")->required();
  if (reason != nullptr) {
    CLI::Option* option =
        command->add_option("--reason", options->reason, reason)->type_name("TEXT");
    if (name == "block") option->required();
  }
  return {command, [options, run](CommandContext& context) { return run(*options, context); }};
}

}  // namespace

std::vector<Command> MakeEmbeddingStateCommands(CLI::App& embeddings) {
  return {Make(embeddings, "block",
               "Keep a version from being used, at once: jobs that draw with it fail.", Block,
               "Why; whoever wants to use it is told"),
          Make(embeddings, "unblock", "Let a blocked version be used again.", Unblock, nullptr),
          Make(embeddings, "delete",
               "Delete a version's file, for good. What it was made from stays known, and so do "
               "the pictures that it drew.",
               Delete, "Why, for whoever looks at it later")};
}

}  // namespace imprint::cli
