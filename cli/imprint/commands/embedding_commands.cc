// imprint embeddings list, show, export, import, alias.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "cli/imprint/client/age_text.h"
#include "cli/imprint/client/listing.h"
#include "cli/imprint/client/message_json.h"
#include "cli/imprint/client/prompt_embeddings.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/client/transfers.h"
#include "cli/imprint/commands/command.h"
#include "cli/imprint/commands/embedding_state_commands.h"
#include "cli/imprint/commands/rights.h"
#include "cli/imprint/commands/saved_embedding.h"
#include "cli/imprint/commands/teaching.h"
#include "cli/imprint/commands/training_report.h"
#include "cli/program/option_error.h"
#include "cli/program/table.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "formats/embedding_files/embedding_file.h"
#include "formats/learned_embedding.h"
#include "imaging/decode.h"
#include "text/unicode_text.h"

namespace imprint::cli {
namespace {

// "concepts/rex/embeddings/3" -> "rex/3": what EmbeddingName takes.
std::string ShortVersion(const std::string& name) {
  const auto ids = ParseResourceName("embedding", name, "concepts/*/embeddings/*");
  return ids.ok() ? absl::StrCat((*ids)[0], "/", (*ids)[1]) : name;
}

absl::Status PrintEmbeddings(const std::string& concept_id, CommandContext& context) {
  v1::ListEmbeddingsRequest request;
  request.set_parent("concepts/-");
  if (!concept_id.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_parent(), ConceptName(concept_id));
  }
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  Table table({"EMBEDDING", "TOKEN", "CLASS", "VECTORS", "LOSS", "CREATED", "FROM"});
  const absl::Time now = absl::Now();
  RETURN_IF_ERROR(ForEachPage(
      *gateway, &RegistryCalls::ListEmbeddings, request,
      std::function<bool(const v1::ListEmbeddingsResponse&)>([&](const auto& page) {
        for (const v1::Embedding& embedding : page.embeddings()) {
          const v1::Lineage& lineage = embedding.lineage();
          table.Add({ShortVersion(embedding.name()), embedding.token(), embedding.class_word(),
                     absl::StrCat(embedding.vectors(), "×", embedding.width()),
                     embedding.has_scores()
                         ? absl::StrFormat("%.4f", embedding.scores().final_loss())
                         : "-",
                     AgeText(embedding.create_time(), now),
                     lineage.job().empty() ? lineage.imported_from() : lineage.job()});
          context.console.Event("embedding",
                                {{"name", embedding.name()}, {"details", ToJson(embedding)}});
        }
        return true;
      })));
  context.console.Text(table.empty() ? "no embeddings\n" : table.Text());
  return absl::OkStatus();
}

std::string RightsText(const v1::Rights& rights) {
  std::string text = absl::StrCat("by ", rights.creator(), ", ", rights.licence());
  if (!rights.consent().empty()) absl::StrAppend(&text, "; consent: ", rights.consent());
  return text;
}

void DescribeLineage(const v1::Lineage& lineage, Console& console) {
  if (!lineage.job().empty()) console.Line("taught by", lineage.job());
  if (!lineage.reference_set().empty()) console.Line("pictures", lineage.reference_set());
  if (!lineage.base_model().empty()) {
    console.Line("model", absl::StrCat(lineage.base_model(), " (",
                                       lineage.base_model_fingerprint().substr(0, 12), ")"));
  }
  if (lineage.has_reference_rights()) {
    console.Line("rights", RightsText(lineage.reference_rights()));
  }
  if (lineage.imported_from().empty()) return;
  console.Line("imported", absl::StrCat("from ", lineage.imported_from(), ", ",
                                        RightsText(lineage.import_rights())));
}

std::string EmbeddingStateText(const v1::Embedding& embedding) {
  switch (embedding.state()) {
    case v1::EMBEDDING_STATE_BLOCKED:
      return "blocked";
    case v1::EMBEDDING_STATE_DELETED:
      return "deleted";
    default:
      return "active";
  }
}

void Describe(const v1::Embedding& embedding, Console& console) {
  console.Line("embedding", embedding.name());
  if (embedding.state() != v1::EMBEDDING_STATE_ACTIVE) {
    console.Line("state", absl::StrCat(EmbeddingStateText(embedding),
                                       embedding.state_reason().empty() ? "" : ": ",
                                       embedding.state_reason()));
  }
  console.Line("token", absl::StrCat(embedding.token(), ", a ", embedding.class_word()));
  console.Line("vectors",
               absl::StrCat(embedding.vectors(), " of ", embedding.width(), " numbers, ",
                            BytesText(embedding.bytes()), ", sha256 ", embedding.sha256()));
  if (embedding.has_scores()) {
    const v1::EmbeddingScores& scores = embedding.scores();
    console.Line("scores", absl::StrFormat("loss %.4f after %d steps, length %.2f, was %.2f",
                                           scores.final_loss(), scores.steps(), scores.norm(),
                                           scores.first_norm()));
  }
  if (embedding.has_report()) console.Line("computed", ReportText(embedding.report()));
  DescribeLineage(embedding.lineage(), console);
  console.Event("embedding", {{"name", embedding.name()}, {"details", ToJson(embedding)}});
}

absl::Status ShowEmbedding(const std::string& given, CommandContext& context) {
  ASSIGN_OR_RETURN(const std::string name, EmbeddingName(given));
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::Embedding embedding, GetEmbedding(*gateway, name));
  Describe(embedding, context.console);
  v1::ListAliasesRequest request;
  request.set_parent(embedding.name().substr(0, embedding.name().find("/embeddings/")));
  return ForEachPage(*gateway, &RegistryCalls::ListAliases, request,
                     std::function<bool(const v1::ListAliasesResponse&)>([&](const auto& page) {
                       for (const v1::Alias& alias : page.aliases()) {
                         if (alias.embedding() != embedding.name()) continue;
                         context.console.Line("alias", ShortName(alias.name()));
                         context.console.Event(
                             "alias", {{"name", alias.name()}, {"embedding", alias.embedding()}});
                       }
                       return true;
                     }));
}

struct EmbeddingExport {
  std::string name;
  std::string out;
  std::string layout = "diffusers";
  bool overwrite = false;
};

absl::Status ExportEmbedding(const EmbeddingExport& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const std::string name, EmbeddingName(options.name));
  ASSIGN_OR_RETURN(const EmbeddingLayout layout, ParseEmbeddingLayout("layout", options.layout));
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  // Which version an alias is is asked first, so that what is said is what was fetched.
  ASSIGN_OR_RETURN(const v1::Embedding embedding, GetEmbedding(*gateway, name));
  ASSIGN_OR_RETURN(const std::filesystem::path file,
                   EmbeddingFile(options.out, layout, embedding.token()));
  RETURN_IF_ERROR(PrepareFile(file, options.overwrite));
  ASSIGN_OR_RETURN(std::string content, DownloadEmbedding(*gateway, embedding.name()));
  ASSIGN_OR_RETURN(content, InLayout(content, embedding.name(), layout));
  RETURN_IF_ERROR(WriteFileAtomically(file, content));
  context.console.Line("exported", absl::StrCat(embedding.name(), " to ", file.string()));
  TellWord(file, layout, context.console);
  context.console.Event(
      "exported",
      {{"name", embedding.name()}, {"file", file.string()}, {"sha256", Sha256Hex(content)}});
  return absl::OkStatus();
}

struct ImportOptions {
  std::string file;
  std::string concept_id;
  std::string token;
  std::string class_word;
  std::string request_id;
  RightsOptions rights;
};

// The file, or the one in a folder that `teach` left it in.
std::filesystem::path ImportedFile(const std::filesystem::path& given) {
  std::error_code ignored;
  return std::filesystem::is_directory(given, ignored)
             ? given / std::string(kLearnedEmbeddingFileName)
             : given;
}

// A file's name may be no word, where one would be taken from it.
absl::Status CheckWord(const LearnedEmbedding& embedding, const ImportOptions& options) {
  if (!options.token.empty() ||
      std::none_of(embedding.token.begin(), embedding.token.end(), absl::ascii_isspace)) {
    return absl::OkStatus();
  }
  return FieldError("FILE", absl::StrCat("the word ", Quoted(embedding.token)),
                    "one word without spaces: give it one with --token");
}

absl::Status ImportEmbedding(const ImportOptions& options, CommandContext& context) {
  v1::ImportEmbeddingRequest request;
  const std::filesystem::path file = ImportedFile(options.file);
  // Read here, whatever its size: tools save one vector with the whole table that it lies in.
  const auto read =
      ReadEmbeddingFile(file, {.token = options.token, .decode_picture = DecodePixels});
  if (!read.ok()) return ForOption("FILE", read.status());
  RETURN_IF_ERROR(CheckWord(*read, options));
  for (const std::string& remark : read->remarks) context.console.Warn(remark);
  ASSIGN_OR_RETURN(*request.mutable_parent(), ConceptName(options.concept_id));
  request.set_content(SerializeLearnedEmbedding(*read));
  request.set_file_name(file.filename().string());
  request.set_token(Composed(options.token));
  request.set_class_word(options.class_word);
  request.set_request_id(options.request_id.empty() ? NewRequestId() : options.request_id);
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(*request.mutable_rights(), StateRights(options.rights, context.ask));
  ASSIGN_OR_RETURN(const v1::Embedding embedding,
                   gateway->Call(&RegistryCalls::ImportEmbedding, request));
  Describe(embedding, context.console);
  return absl::OkStatus();
}

absl::Status SetAlias(const std::string& given, const std::string& alias, CommandContext& context) {
  ASSIGN_OR_RETURN(const std::string name, EmbeddingName(given));
  RETURN_IF_ERROR(CheckResourceId("ALIAS", alias));
  ASSIGN_OR_RETURN(const auto gateway, Connect(context));
  ASSIGN_OR_RETURN(const v1::Embedding embedding, GetEmbedding(*gateway, name));
  const std::string parent = embedding.name().substr(0, embedding.name().find("/embeddings/"));
  v1::SetAliasRequest request;
  request.mutable_alias()->set_name(absl::StrCat(parent, "/aliases/", alias));
  request.mutable_alias()->set_embedding(embedding.name());
  ASSIGN_OR_RETURN(const v1::Alias set, gateway->Call(&RegistryCalls::SetAlias, request));
  context.console.Line("alias", absl::StrCat(set.name(), " is ", set.embedding()));
  context.console.Event("alias", {{"name", set.name()}, {"embedding", set.embedding()}});
  return absl::OkStatus();
}

Command MakeList(CLI::App& embeddings) {
  const auto concept_id = std::make_shared<std::string>();
  CLI::App* list = embeddings.add_subcommand("list", "List versions, newest first.");
  list->add_option("--concept", *concept_id, "Only this concept's")->type_name("ID");
  return {list,
          [concept_id](CommandContext& context) { return PrintEmbeddings(*concept_id, context); }};
}

Command MakeShow(CLI::App& embeddings) {
  const auto name = std::make_shared<std::string>();
  CLI::App* show = embeddings.add_subcommand("show", "Show a version and what it was made from.");
  show->add_option("NAME", *name, kEmbeddingNameHelp)->type_name("")->required();
  return {show, [name](CommandContext& context) { return ShowEmbedding(*name, context); }};
}

Command MakeExport(CLI::App& embeddings) {
  const auto options = std::make_shared<EmbeddingExport>();
  CLI::App* command =
      embeddings.add_subcommand("export", "Write a version as a file for other tools.");
  command->add_option("NAME", options->name, kEmbeddingNameHelp)->type_name("")->required();
  command->add_option("--out", options->out, "A .safetensors file, or a folder for it")
      ->type_name("PATH")
      ->required();
  AddLayoutOption(*command, options->layout);
  command->add_flag("--overwrite", options->overwrite, "Replace what --out names");
  return {command,
          [options](CommandContext& context) { return ExportEmbedding(*options, context); }};
}

Command MakeImport(CLI::App& embeddings) {
  const auto options = std::make_shared<ImportOptions>();
  CLI::App* command =
      embeddings.add_subcommand("import", "Add a version from somebody's embedding file.");
  command
      ->add_option("FILE", options->file,
                   "An embedding of Diffusers, AUTOMATIC1111, kohya, InvokeAI or OneTrainer: "
                   ".safetensors, .pt, .bin or AUTOMATIC1111's .png; or the folder that teach left "
                   "it in")
      ->type_name("")
      ->required();
  command->add_option("--concept", options->concept_id, "The concept that it is a version of")
      ->type_name("ID")
      ->required();
  command
      ->add_option("--token", options->token,
                   "The word in prompts; default: the file's, or its name without the extension")
      ->type_name("<WORD>");
  command
      ->add_option("--class,--word", options->class_word,
                   "A word for what kind of thing it is; default: the file's")
      ->type_name("WORD");
  command
      ->add_option("--request-id", options->request_id,
                   "The same id gives the same version, so that a script may repeat itself")
      ->type_name("ID");
  AddRightsOptions(*command, options->rights);
  return {command, [command, options](CommandContext& context) -> absl::Status {
            RETURN_IF_ERROR(CheckRightsFlags(*command, options->rights));
            return ImportEmbedding(*options, context);
          }};
}

Command MakeAlias(CLI::App& embeddings) {
  const auto name = std::make_shared<std::string>();
  const auto alias = std::make_shared<std::string>();
  CLI::App* command = embeddings.add_subcommand("alias", "Point an alias to a version.");
  command->add_option("NAME", *name, kEmbeddingNameHelp)->type_name("")->required();
  command->add_option("ALIAS", *alias, "Such as approved")->type_name("")->required();
  return {command,
          [name, alias](CommandContext& context) { return SetAlias(*name, *alias, context); }};
}

}  // namespace

std::vector<Command> MakeEmbeddingCommands(CLI::App& app) {
  CLI::App* embeddings = app.add_subcommand("embeddings", "What was taught: versions of concepts.");
  embeddings->require_subcommand(1);
  std::vector<Command> commands = {MakeList(*embeddings), MakeShow(*embeddings),
                                   MakeExport(*embeddings), MakeImport(*embeddings),
                                   MakeAlias(*embeddings)};
  for (Command& each : MakeEmbeddingStateCommands(*embeddings)) commands.push_back(std::move(each));
  return commands;
}

}  // namespace imprint::cli
