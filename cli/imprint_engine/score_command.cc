// imprint-engine score: how much drawn pictures look like the concept (CLIP-I) and like their
// prompts (CLIP-T).
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/pictures/prompt_tokens.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/scoring/clip_scorer.h"
#include "imaging/fit.h"
#include "orders/picture_manifest.h"
#include "text/prompt_syntax.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

struct ScoreOptions {
  std::string pictures;
  std::string against;
  std::string model;
  std::string clip;
};

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

absl::StatusOr<std::shared_ptr<const engine::ClipScorer>> LoadScorer(const ScoreOptions& options) {
  const fs::path model = options.model;
  const fs::path folder = options.clip.empty() ? model / "clip" : fs::path(options.clip);
  if ((options.clip.empty() && options.model.empty()) || !Exists(folder / "config.json")) {
    return absl::NotFoundError(
        absl::StrCat("clip: no CLIP model in ", folder.string(),
                     "; give its folder (config.json, model.safetensors) with --clip"));
  }
  return engine::ClipScorer::Load(folder, model / "tokenizer");
}

PictureFit ForClip(const engine::ClipScorer& scorer) {
  return
      [size = scorer.image_size()](const RgbImage& picture) { return FitForClip(picture, size); };
}

absl::StatusOr<std::vector<engine::ClipFeature>> EmbedFolder(const engine::ClipScorer& scorer,
                                                             const fs::path& path,
                                                             Console& console) {
  ASSIGN_OR_RETURN(const ReferenceFolder folder, ReadReferenceFolder(path, ForClip(scorer)));
  WarnOfPictures(folder.pictures, console);
  std::vector<RgbImage> pictures;
  for (const ReferencePicture& picture : folder.pictures) pictures.push_back(picture.fitted);
  return scorer.EmbedPictures(pictures);
}

// Scores of some pictures, to print and to report.
struct Scores {
  size_t pictures = 0;
  double clip_i = 0;
  std::optional<double> clip_t;
};

nlohmann::json ToJson(const Scores& scores) {
  nlohmann::json json = {{"pictures", scores.pictures}, {"clip_i", scores.clip_i}};
  if (scores.clip_t) json["clip_t"] = *scores.clip_t;
  return json;
}

// Scores those pictures of a manifest that were drawn as asked, or those drawn for comparison.
absl::StatusOr<Scores> ScoreDrawn(const engine::ClipScorer& scorer, const ScoredPictures& drawn,
                                  bool comparison,
                                  std::span<const engine::ClipFeature> references) {
  std::vector<fs::path> paths;
  std::vector<std::string> prompts;
  WrittenTokens tokens;
  for (const auto& [token, word] : drawn.class_words) tokens.Add(token);
  for (const ScoredPictures::Picture& picture : drawn.pictures) {
    if (picture.comparison != comparison) continue;
    paths.push_back(picture.path);
    // The evaluator knows no weights, and never learned the tokens: it reads the class words.
    prompts.push_back(WithClassWords(WithoutWeights(picture.prompt, picture.prompt_style, tokens),
                                     drawn.class_words));
  }
  ASSIGN_OR_RETURN(const auto read, ReadPictures(paths, ForClip(scorer)));
  std::vector<RgbImage> fitted;
  for (const ReferencePicture& picture : read) fitted.push_back(picture.fitted);
  ASSIGN_OR_RETURN(const auto pictures, scorer.EmbedPictures(fitted));
  ASSIGN_OR_RETURN(const auto texts, scorer.EmbedTexts(prompts));
  double sum = 0;
  for (size_t i = 0; i < pictures.size(); ++i) {
    sum += engine::CosineSimilarity(pictures[i], texts[i]);
  }
  return Scores{.pictures = pictures.size(),
                .clip_i = engine::MeanSimilarity(pictures, references),
                .clip_t = sum / static_cast<double>(std::max<size_t>(pictures.size(), 1))};
}

void Print(absl::string_view what, const Scores& scores, size_t references, Console& console) {
  console.Line("CLIP-I", absl::StrFormat("%6.3f  %d pictures %sagainst %d", scores.clip_i,
                                         scores.pictures, what, references));
  if (scores.clip_t) {
    console.Line("CLIP-T",
                 absl::StrFormat("%6.3f  pictures %sagainst their prompts", *scores.clip_t, what));
  }
}

absl::Status RunScore(const ScoreOptions& options, CommandContext& context) {
  if (options.against.empty()) {
    return FieldError("against", "none", "the pictures to compare with: --against FOLDER");
  }
  ASSIGN_OR_RETURN(const auto scorer, LoadScorer(options));
  ASSIGN_OR_RETURN(const auto references, EmbedFolder(*scorer, options.against, context.console));
  Console& console = context.console;
  Scores scores;
  nlohmann::json result;

  const fs::path manifest = fs::path(options.pictures) / kManifestName;
  if (Exists(manifest)) {
    ASSIGN_OR_RETURN(const ScoredPictures drawn, ReadScoredPictures(manifest));
    ASSIGN_OR_RETURN(scores, ScoreDrawn(*scorer, drawn, /*comparison=*/false, references));
    if (scores.pictures == 0) {
      return FieldError(absl::StrCat(manifest.string(), ": pictures"), "none that was written",
                        "at least one");
    }
    result = ToJson(scores);
    ASSIGN_OR_RETURN(const Scores compared,
                     ScoreDrawn(*scorer, drawn, /*comparison=*/true, references));
    if (compared.pictures > 0) {
      Print("of the class word ", compared, references.size(), console);
      result["class_word"] = ToJson(compared);
    }
    Print(compared.pictures > 0 ? "of the concept " : "", scores, references.size(), console);
  } else {
    ASSIGN_OR_RETURN(const auto pictures, EmbedFolder(*scorer, options.pictures, console));
    scores = {.pictures = pictures.size(), .clip_i = engine::MeanSimilarity(pictures, references)};
    result = ToJson(scores);
    Print("", scores, references.size(), console);
  }
  result["references"] = references.size();
  console.Event("result", result);
  return absl::OkStatus();
}

}  // namespace

Command MakeScoreCommand(CLI::App& app) {
  const auto options = std::make_shared<ScoreOptions>();
  CLI::App* score = app.add_subcommand(
      "score",
      "Score drawn pictures: CLIP-I against pictures of the concept, CLIP-T against their "
      "prompts.\n\n  imprint-engine score pictures/ --against photos/\n");
  score
      ->add_option("PICTURES", options->pictures,
                   "Folder that draw wrote, or any folder of pictures, or one picture")
      ->type_name("")
      ->required();
  score
      ->add_option("--against", options->against,
                   "Folder of pictures of the concept, or one; needed")
      ->type_name("PATH");
  AddModelOption(*score, options->model, /*required=*/false);
  score
      ->add_option("--clip", options->clip,
                   "Folder of the CLIP model that scores; default: clip/ in the model's folder")
      ->type_name("FOLDER");
  return {score, [options](CommandContext& context) { return RunScore(*options, context); }};
}

}  // namespace imprint::cli
