// imprint-engine score: how much drawn pictures look like the concept (CLIP-I) and like their
// prompts (CLIP-T).
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/draw_manifest.h"
#include "cli/imprint_engine/reference_folder.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/scoring/clip_scorer.h"

namespace imprint {
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

absl::StatusOr<std::shared_ptr<const ClipScorer>> LoadScorer(const ScoreOptions& options) {
  const fs::path model = options.model;
  const fs::path folder = options.clip.empty() ? model / "clip" : fs::path(options.clip);
  if ((options.clip.empty() && options.model.empty()) || !Exists(folder / "config.json")) {
    return absl::NotFoundError(
        absl::StrCat("clip: no CLIP model in ", folder.string(),
                     "; give its folder (config.json, model.safetensors) with --clip"));
  }
  return ClipScorer::Load(folder, model / "tokenizer");
}

absl::StatusOr<std::vector<ClipFeature>> EmbedFolder(const ClipScorer& scorer,
                                                     const fs::path& path) {
  // FitForClip's middle square is what cropping to a square gives, whatever the order.
  ASSIGN_OR_RETURN(const ReferenceFolder folder,
                   ReadReferenceFolder(path, scorer.image_size(), SquareFit::kCrop));
  std::vector<RgbImage> pictures;
  for (const ReferencePicture& picture : folder.pictures) pictures.push_back(picture.fitted);
  return scorer.EmbedPictures(pictures);
}

// The prompts as the evaluator can read them: the class word where a concept's token stands.
std::vector<std::string> PlainPrompts(const ScoredPictures& drawn) {
  std::vector<std::pair<std::string, std::string>> words;
  for (const auto& [token, class_word] : drawn.class_words) {
    if (!class_word.empty()) words.emplace_back(token, class_word);
  }
  std::vector<std::string> prompts;
  for (const ScoredPictures::Picture& picture : drawn.pictures) {
    prompts.push_back(words.empty() ? picture.prompt : absl::StrReplaceAll(picture.prompt, words));
  }
  return prompts;
}

absl::Status RunScore(const ScoreOptions& options, CommandContext& context) {
  if (options.against.empty()) {
    return FieldError("against", "none", "the pictures to compare with: --against FOLDER");
  }
  ASSIGN_OR_RETURN(const auto scorer, LoadScorer(options));
  ASSIGN_OR_RETURN(const auto references, EmbedFolder(*scorer, options.against));

  const fs::path manifest = fs::path(options.pictures) / "manifest.json";
  nlohmann::json result = {{"references", references.size()}};
  std::vector<ClipFeature> pictures;
  if (Exists(manifest)) {
    ASSIGN_OR_RETURN(const ScoredPictures drawn, ReadManifest(manifest));
    std::vector<fs::path> paths;
    for (const ScoredPictures::Picture& picture : drawn.pictures) paths.push_back(picture.path);
    if (paths.empty()) {
      return FieldError(absl::StrCat(manifest.string(), ": pictures"), "none that was written",
                        "at least one");
    }
    ASSIGN_OR_RETURN(const auto read, ReadPictures(paths, scorer->image_size(), SquareFit::kCrop));
    std::vector<RgbImage> fitted;
    for (const ReferencePicture& picture : read) fitted.push_back(picture.fitted);
    ASSIGN_OR_RETURN(pictures, scorer->EmbedPictures(fitted));
    ASSIGN_OR_RETURN(const auto texts, scorer->EmbedTexts(PlainPrompts(drawn)));
    double sum = 0;
    for (size_t i = 0; i < pictures.size(); ++i) sum += CosineSimilarity(pictures[i], texts[i]);
    result["clip_t"] = sum / static_cast<double>(pictures.size());
  } else {
    ASSIGN_OR_RETURN(pictures, EmbedFolder(*scorer, options.pictures));
  }
  result["pictures"] = pictures.size();
  result["clip_i"] = MeanSimilarity(pictures, references);

  Console& console = context.console;
  console.Line("CLIP-I",
               absl::StrFormat("%.3f  (%d pictures against %d)", result["clip_i"].get<double>(),
                               pictures.size(), references.size()));
  if (result.contains("clip_t")) {
    console.Line("CLIP-T", absl::StrFormat("%.3f  (pictures against their prompts)",
                                           result["clip_t"].get<double>()));
  }
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
      ->required();
  score->add_option("--against", options->against, "Folder of pictures of the concept, or one");
  AddModelOption(*score, options->model, /*required=*/false);
  score->add_option("--clip", options->clip,
                    "Folder of the CLIP model that scores; default: clip/ in the model's folder");
  return {score, [options](CommandContext& context) { return RunScore(*options, context); }};
}

}  // namespace imprint
