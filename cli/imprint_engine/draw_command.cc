// imprint-engine draw: from prompts and embeddings to pictures, a contact sheet and a manifest.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/imprint_engine/command.h"
#include "cli/imprint_engine/draw_manifest.h"
#include "cli/imprint_engine/draw_plan.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/terminal/progress_bar.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "engine/model/base_model.h"
#include "engine/runtime/threads.h"
#include "engine/sampling/sampler.h"
#include "engine/scoring/safety_screen.h"
#include "formats/learned_embedding.h"
#include "imaging/contact_sheet.h"
#include "imaging/encode.h"
#include "imaging/fit.h"

namespace imprint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSheetName = "contact-sheet.png";
constexpr const char* kManifestName = "manifest.json";
// More than this on one sheet is no overview.
constexpr size_t kMaxSheetRows = 24;
constexpr size_t kMaxSheetColumns = 10;

struct DrawOptions {
  std::string model;
  std::vector<std::string> embeddings;
  std::vector<std::string> prompts;
  std::string prompt_file;
  std::string seeds = "1";
  std::string size;
  std::string format = "png";
  std::string out;
  std::string title;
  std::string references;
  int batch = 4;
  bool compare = false;
  bool no_sheet = false;
  bool no_safety_check = false;
  PictureRequest request;
};

absl::StatusOr<PictureFormat> ParseFormat(const std::string& name) {
  if (name == "png") return PictureFormat::kPng;
  if (name == "jpeg" || name == "jpg") return PictureFormat::kJpeg;
  if (name == "webp") return PictureFormat::kWebp;
  return FieldError("format", Quoted(name), "png, jpeg or webp");
}

const char* Ending(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return ".png";
    case PictureFormat::kJpeg:
      return ".jpg";
    case PictureFormat::kWebp:
      return ".webp";
  }
  return "";
}

absl::StatusOr<std::vector<std::string>> Prompts(const DrawOptions& options) {
  std::vector<std::string> prompts = options.prompts;
  if (options.prompt_file.empty()) return prompts;
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(options.prompt_file));
  const auto bytes = file->bytes();
  for (const absl::string_view line : absl::StrSplit(
           absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), '\n')) {
    const absl::string_view prompt = absl::StripAsciiWhitespace(line);
    if (!prompt.empty()) prompts.emplace_back(prompt);
  }
  return prompts;
}

// An embedding's file, given itself or the folder that `teach` left it in.
fs::path EmbeddingFile(const fs::path& given) {
  std::error_code ignored;
  return fs::is_directory(given, ignored) ? given / std::string(kLearnedEmbeddingFileName) : given;
}

struct LoadedEmbeddings {
  std::vector<LearnedEmbedding> embeddings;
  std::vector<EmbeddingRecord> records;
};

absl::StatusOr<LoadedEmbeddings> LoadEmbeddings(const std::vector<std::string>& paths) {
  LoadedEmbeddings loaded;
  for (const std::string& given : paths) {
    const fs::path path = EmbeddingFile(given);
    ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
    ASSIGN_OR_RETURN(LearnedEmbedding embedding, ReadLearnedEmbedding(path));
    loaded.records.push_back({.token = embedding.token,
                              .class_word = embedding.provenance["imprint.class_word"],
                              .path = fs::absolute(path).string(),
                              .sha256 = Sha256Hex(file->bytes())});
    loaded.embeddings.push_back(std::move(embedding));
  }
  return loaded;
}

// One run of the command.
class Drawing {
 public:
  Drawing(const DrawOptions& options, CommandContext& context)
      : options_(options), out_(options.out), context_(context) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Prepare());
    ASSIGN_OR_RETURN(const Sampler sampler,
                     Sampler::Make(model_, embeddings_.embeddings, options_.batch));
    Announce(sampler);
    RETURN_IF_ERROR(DrawAll(sampler));
    return Finish();
  }

 private:
  absl::Status Prepare() {
    if (options_.out.empty()) return FieldError("out", "none", "a folder for the pictures: --out");
    ASSIGN_OR_RETURN(format_, ParseFormat(options_.format));
    ASSIGN_OR_RETURN(const std::vector<std::string> prompts, Prompts(options_));
    ASSIGN_OR_RETURN(seeds_, ParseSeeds(options_.seeds));
    ASSIGN_OR_RETURN(embeddings_, LoadEmbeddings(options_.embeddings));
    ASSIGN_OR_RETURN(model_, BaseModel::Load(options_.model));
    PictureRequest defaults = options_.request;
    defaults.width = defaults.height = model_->info().picture_size;
    RETURN_IF_ERROR(ParseSize(options_.size, defaults));
    ASSIGN_OR_RETURN(plan_, PlanPictures(prompts, seeds_, defaults, ComparedWords()));
    if (!options_.references.empty()) {
      ASSIGN_OR_RETURN(
          references_,
          ReadReferenceFolder(options_.references, ContactSheet().cell_size, SquareFit::kCrop));
    }
    for (size_t i = 0; i < plan_.size(); ++i) {
      RETURN_IF_ERROR(InContext(absl::StrCat("picture ", i + 1),
                                CheckRequest(model_->info(), plan_[i].request)));
      requests_.push_back(plan_[i].request);
      records_.push_back({.request = plan_[i].request, .comparison = plan_[i].comparison});
    }
    if (!options_.no_safety_check && !model_->info().has_safety_checker) {
      return absl::FailedPreconditionError(
          absl::StrCat("model: ", model_->info().folder,
                       " has no safety checker; add one, or draw without with --no-safety-check"));
    }
    pictures_.resize(plan_.size());
    return EnsureWritableFolder(out_);
  }

  void Announce(const Sampler& sampler) {
    const PictureRequest& first = plan_[0].request;
    Console& console = context_.console;
    console.Line("model", absl::StrCat(model_->info().folder, " (",
                                       model_->info().fingerprint.substr(0, 12), ")"));
    for (const EmbeddingRecord& embedding : embeddings_.records) {
      console.Line("concept", absl::StrCat(embedding.token, " from ", embedding.path));
    }
    console.Line("pictures",
                 absl::StrCat(plan_.size(), " at ", first.width, "×", first.height, ", ",
                              first.steps, " DDIM steps, guidance ", first.guidance,
                              options_.no_safety_check ? ", not checked for safety" : ""));
    std::set<std::string> measured;
    for (size_t i = 0; i < plan_.size(); ++i) {
      if (!measured.insert(plan_[i].request.prompt).second) continue;
      const Sampler::PromptLength length = sampler.Measure(plan_[i].request.prompt);
      if (length.read < length.tokens) {
        console.Warn(absl::StrCat("prompt ", Quoted(plan_[i].request.prompt), " has ",
                                  length.tokens, " tokens; the model reads the first ",
                                  length.read));
      }
    }
  }

  absl::Status DrawAll(const Sampler& sampler) {
    ProgressBar bar("drawing", context_.terminal, context_.console.err(), MonotonicSeconds);
    DrawHooks hooks;
    hooks.stop = context_.stop;
    hooks.on_picture = [&](size_t index, RgbImage picture) {
      return Keep(index, std::move(picture));
    };
    hooks.on_step = [&](int64_t done, int64_t total) {
      if (total_steps_ == 0) bar.Start(0, total);
      total_steps_ = total;
      if (!context_.console.json()) {
        bar.Update(done, absl::StrFormat("%d of %d pictures", finished_, plan_.size()));
      }
    };
    started_ = MonotonicSeconds();
    const absl::Status drawn = sampler.Draw(requests_, hooks);
    bar.Finish();
    seconds_ = MonotonicSeconds() - started_;
    if (absl::IsCancelled(drawn)) {
      RETURN_IF_ERROR(WriteManifest());
      return absl::CancelledError(absl::StrCat("stopped; ", finished_, " of ", plan_.size(),
                                               " pictures are in ", out_.string()));
    }
    return drawn;
  }

  // Checks, writes and remembers a finished picture. A blocked one is never written.
  absl::Status Keep(size_t index, RgbImage picture) {
    PictureRecord& record = records_[index];
    ++finished_;
    if (!options_.no_safety_check) {
      ASSIGN_OR_RETURN(const int size, SafetyPictureSize(*model_));
      const RgbImage fitted = FitForClip(picture, size);
      ASSIGN_OR_RETURN(const auto scores, CheckSafety(*model_, {&fitted, 1}));
      record.checked = true;
      record.safety = scores[0];
    }
    if (record.checked && record.safety.Blocked()) {
      ++blocked_;
      context_.console.Event("blocked",
                             {{"prompt", record.request.prompt}, {"seed", record.request.seed}});
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const std::string encoded, EncodePicture(picture, format_));
    record.file = absl::StrCat(plan_[index].name, Ending(format_));
    record.sha256 = Sha256Hex(encoded);
    RETURN_IF_ERROR(WriteFileAtomically(out_ / record.file, encoded));
    context_.console.Event("picture", {{"file", (out_ / record.file).string()},
                                       {"prompt", record.request.prompt},
                                       {"seed", record.request.seed}});
    if (!options_.no_sheet) pictures_[index] = std::move(picture);
    return absl::OkStatus();
  }

  absl::Status Finish() {
    RETURN_IF_ERROR(WriteManifest());
    Console& console = context_.console;
    console.Line("drawn", absl::StrFormat("%d pictures in %.1f s, %.2f s each", finished_, seconds_,
                                          seconds_ / static_cast<double>(finished_)));
    if (blocked_ > 0) {
      console.Warn(absl::StrCat("the safety checker blocked ", blocked_, " of ", plan_.size(),
                                "; they were not written. Another seed or prompt may help"));
    }
    nlohmann::json result = {{"pictures", finished_ - blocked_},
                             {"blocked", blocked_},
                             {"seconds", seconds_},
                             {"manifest", (out_ / kManifestName).string()}};
    if (!options_.no_sheet) {
      RETURN_IF_ERROR(WriteSheet());
      console.Line("sheet", (out_ / kSheetName).string());
      result["sheet"] = (out_ / kSheetName).string();
    }
    console.Line("manifest", (out_ / kManifestName).string());
    console.Event("result", result);
    return absl::OkStatus();
  }

  absl::Status WriteManifest() const {
    constexpr auto kReplaceBadUtf8 = nlohmann::json::error_handler_t::replace;
    const nlohmann::json manifest =
        ManifestJson(model_->info(), embeddings_.records, records_, ComputeThreads());
    return WriteFileAtomically(out_ / kManifestName,
                               manifest.dump(2, ' ', false, kReplaceBadUtf8) + "\n");
  }

  absl::Status WriteSheet() const {
    ContactSheet sheet{.title = Title()};
    const PictureRequest& first = plan_[0].request;
    sheet.subtitle = absl::StrCat("DDIM ", first.steps, " steps, guidance ", first.guidance, ", ",
                                  first.width, "×", first.height);
    if (!references_.pictures.empty()) sheet.rows.push_back(ReferenceRow());
    const size_t first_row = sheet.rows.size();
    size_t shown = 0;
    for (size_t i = 0; i < plan_.size(); ++i) {
      const size_t row = first_row + plan_[i].row;
      if (row >= kMaxSheetRows) break;
      sheet.rows.resize(row + 1);
      if (!plan_[i].comparison) sheet.rows[row].heading = plan_[i].request.prompt;
      if (sheet.rows[row].cells.size() >= kMaxSheetColumns) continue;
      sheet.rows[row].cells.push_back(Cell(i));
      ++shown;
    }
    if (shown < plan_.size()) {
      absl::StrAppend(&sheet.subtitle, "; ", shown, " of ", plan_.size(), " pictures");
    }
    ASSIGN_OR_RETURN(const RgbImage image, RenderContactSheet(sheet));
    ASSIGN_OR_RETURN(const std::string encoded, EncodePicture(image, PictureFormat::kPng));
    return WriteFileAtomically(out_ / kSheetName, encoded);
  }

  std::string Title() const {
    if (!options_.title.empty()) return options_.title;
    std::vector<std::string> tokens;
    for (const EmbeddingRecord& embedding : embeddings_.records) tokens.push_back(embedding.token);
    return tokens.empty() ? "Drawn with the base model" : absl::StrJoin(tokens, ", ");
  }

  ContactSheet::Row ReferenceRow() const {
    ContactSheet::Row row{.heading = "taught from"};
    for (const ReferencePicture& picture : references_.pictures) {
      if (row.cells.size() >= kMaxSheetColumns) break;
      row.cells.push_back({.picture = picture.fitted, .caption = picture.path.filename().string()});
    }
    return row;
  }

  ContactSheet::Cell Cell(size_t i) const {
    const PictureRecord& record = records_[i];
    if (record.checked && record.safety.Blocked()) {
      return {.caption = "blocked by the safety checker"};
    }
    const std::string seed = absl::StrCat("seed ", record.request.seed);
    return {.picture = pictures_[i],
            .caption = record.comparison ? absl::StrCat(ClassWords(), ", ", seed) : seed};
  }

  // The class words, as a caption names them: `"mascot", "river"`.
  std::string ClassWords() const {
    return absl::StrJoin(ComparedWords(), ", ", [](std::string* out, const auto& token_and_word) {
      absl::StrAppend(out, Quoted(token_and_word.second));
    });
  }

  // Tokens with the class words that they are compared with; none unless that was asked for.
  std::map<std::string, std::string> ComparedWords() const {
    std::map<std::string, std::string> words;
    for (const EmbeddingRecord& embedding : embeddings_.records) {
      if (options_.compare) words[embedding.token] = embedding.class_word;
    }
    return words;
  }

  const DrawOptions& options_;
  fs::path out_;
  CommandContext& context_;
  PictureFormat format_ = PictureFormat::kPng;
  std::shared_ptr<const BaseModel> model_;
  LoadedEmbeddings embeddings_;
  ReferenceFolder references_;
  std::vector<uint64_t> seeds_;
  std::vector<PlannedPicture> plan_;
  std::vector<PictureRequest> requests_;
  std::vector<PictureRecord> records_;
  // For the sheet; only what was not blocked.
  std::vector<std::optional<RgbImage>> pictures_;
  int64_t total_steps_ = 0;
  int64_t finished_ = 0;
  int64_t blocked_ = 0;
  double started_ = 0;
  double seconds_ = 0;
};

}  // namespace

Command MakeDrawCommand(CLI::App& app) {
  const auto options = std::make_shared<DrawOptions>();
  CLI::App* draw =
      app.add_subcommand("draw",
                         "Draw pictures, with learned concepts or without.\n\n"
                         "  imprint-engine draw --embedding rex/ --prompt \"<rex> in the snow\" "
                         "--prompt \"<rex> asleep\" --seeds 1-4 --out pictures/\n");
  AddModelOption(*draw, options->model);
  draw->add_option("--embedding", options->embeddings,
                   "Learned embedding: its file, or the folder that teach left it in; repeatable");
  draw->add_option("--prompt", options->prompts, "What to draw; repeatable")
      ->allow_extra_args(false);
  draw->add_option("--prompts", options->prompt_file, "File of prompts, one a line");
  draw->add_option("--out", options->out, "Folder for pictures, contact sheet and manifest");
  constexpr const char* kHow = "How it is drawn";
  const auto add = [&](const char* name, auto& field, const char* text) {
    return draw->add_option(name, field, text)->capture_default_str()->group(kHow);
  };
  add("--seeds", options->seeds, "Each prompt is drawn with each of these: 1,2,5-8");
  add("--steps", options->request.steps, "DDIM steps");
  add("--guidance", options->request.guidance, "How strictly to follow the prompt");
  add("--negative", options->request.negative_prompt, "What to keep out");
  add("--size", options->size, "WIDTHxHEIGHT in pixels; default: the model's own");
  add("--batch", options->batch, "Pictures drawn at once");
  constexpr const char* kWhat = "What is written";
  draw->add_option("--format", options->format, "png, jpeg or webp")
      ->capture_default_str()
      ->group(kWhat);
  draw->add_option("--title", options->title, "Of the contact sheet")->group(kWhat);
  draw->add_option("--references", options->references,
                   "Folder of pictures to show on top of the sheet: what was taught")
      ->group(kWhat);
  draw->add_flag("--compare", options->compare,
                 "Draw each prompt with the class word, too, with the first two seeds")
      ->group(kWhat);
  draw->add_flag("--no-sheet", options->no_sheet, "No contact sheet")->group(kWhat);
  draw->add_flag("--no-safety-check", options->no_safety_check,
                 "Write pictures without asking the model's safety checker")
      ->group(kWhat);
  return {draw, [options](CommandContext& context) { return Drawing(*options, context).Run(); }};
}

}  // namespace imprint
