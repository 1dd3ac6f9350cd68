#include "cli/imprint_engine/drawing.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/imprint_engine/draw_plan.h"
#include "cli/imprint_engine/draw_sheet.h"
#include "cli/imprint_engine/picture_screen.h"
#include "cli/imprint_engine/picture_writer.h"
#include "cli/imprint_engine/reference_folder.h"
#include "cli/imprint_engine/training_record.h"
#include "cli/pictures/prompt_tokens.h"
#include "cli/program/option_error.h"
#include "cli/program/progress_bar.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/monotonic_seconds.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "engine/cuda/prepare_device.h"
#include "engine/devices/device_facts.h"
#include "engine/model/base_model.h"
#include "engine/sampling/picture_request.h"
#include "engine/sampling/sampler.h"
#include "engine/torch/freed_memory.h"
#include "engine/torch/threads.h"
#include "formats/embedding_files/embedding_file.h"
#include "formats/learned_embedding.h"
#include "imaging/contact_sheet.h"
#include "imaging/decode.h"
#include "imaging/encode.h"
#include "imaging/fit.h"
#include "orders/picture_manifest.h"
#include "text/concept_vocabulary.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSheetName = "contact-sheet.png";

// "mia.pt", or "<mia>=mia.pt" where the file's own word will not do.
struct GivenEmbedding {
  fs::path path;
  std::string word;
};

GivenEmbedding ParseGiven(const std::string& given) {
  std::error_code ignored;
  const size_t equals = given.find('=');
  if (equals == std::string::npos || fs::exists(given, ignored)) return {EmbeddingFile(given), ""};
  return {EmbeddingFile(given.substr(equals + 1)), given.substr(0, equals)};
}

struct LoadedEmbeddings {
  std::vector<LearnedEmbedding> embeddings;
  std::vector<ManifestEmbedding> records;
};

absl::StatusOr<LoadedEmbeddings> LoadEmbeddings(const std::vector<std::string>& paths,
                                                Console& console) {
  LoadedEmbeddings loaded;
  for (const std::string& given : paths) {
    const auto [path, word] = ParseGiven(given);
    const auto file = MappedFile::Open(path);
    if (!file.ok()) return ForOption("embedding", file.status());
    ASSIGN_OR_RETURN(LearnedEmbedding embedding,
                     ReadEmbeddingFile(path, {.token = word, .decode_picture = DecodePixels}));
    for (const std::string& remark : embedding.remarks) console.Warn(remark);
    loaded.records.push_back({.token = embedding.token,
                              .class_word = embedding.provenance["imprint.class_word"],
                              .path = fs::absolute(path).string(),
                              .sha256 = Sha256Hex((*file)->bytes())});
    loaded.embeddings.push_back(std::move(embedding));
  }
  return loaded;
}

// Refuses words that prompts cannot name. Some tools take the word from the file's name, which may
// be none.
absl::Status CheckWords(const LoadedEmbeddings& loaded, const ClipTokenizer& tokenizer) {
  ConceptVocabulary concepts;
  for (size_t i = 0; i < loaded.embeddings.size(); ++i) {
    const LearnedEmbedding& embedding = loaded.embeddings[i];
    const absl::Status added = concepts.Add(embedding.token, embedding.vectors, tokenizer);
    if (added.ok()) continue;
    return absl::Status(added.code(),
                        absl::StrCat("embedding: ", loaded.records[i].path, ": ", added.message(),
                                     "; give it another word: --embedding WORD=PATH"));
  }
  return absl::OkStatus();
}

// One run of the command.
class Drawing {
 public:
  Drawing(const DrawOrder& order, CommandContext& context)
      : order_(order), out_(order.out), context_(context) {}

  absl::Status Run() {
    engine::KeepFreedMemory();
    RETURN_IF_ERROR(Prepare());
    ASSIGN_OR_RETURN(engine::RecordGraph record, engine::PrepareDevice(order_.compute));
    ASSIGN_OR_RETURN(
        const engine::Sampler sampler,
        engine::Sampler::Make(model_, embeddings_.embeddings, order_.batch, std::move(record)));
    // All that can be refused has been by now: only then does an earlier drawing go.
    RETURN_IF_ERROR(ForOption("out", EnsureWritableFolder(out_)));
    RETURN_IF_ERROR(RemoveEarlierDrawing());
    RETURN_IF_ERROR(Announce(sampler));
    RETURN_IF_ERROR(DrawAll(sampler));
    return Finish();
  }

 private:
  absl::Status Prepare() {
    ASSIGN_OR_RETURN(embeddings_, LoadEmbeddings(order_.embeddings, context_.console));
    ASSIGN_OR_RETURN(model_, engine::BaseModel::Load(order_.model, order_.compute.choice()));
    // That it can be used is known: the model is on it.
    ASSIGN_OR_RETURN(const engine::DeviceFacts device,
                     engine::FindDevice("device", Name(model_->info().compute.device)));
    device_model_ = device.model;
    RETURN_IF_ERROR(CheckWords(embeddings_, model_->tokenizer()));
    PictureRequest defaults = order_.defaults;
    defaults.solver = order_.solver.value_or(model_->info().solver);
    if (defaults.width == 0) defaults.width = defaults.height = model_->info().picture_size;
    RETURN_IF_ERROR(ReadSource(defaults));
    ASSIGN_OR_RETURN(plan_, PlanPictures(order_.prompts, order_.seeds, defaults, ComparedWords()));
    if (!order_.references.empty()) {
      ASSIGN_OR_RETURN(references_,
                       ReadReferenceFolder(order_.references, [](const RgbImage& picture) {
                         return FitToSquare(picture, ContactSheet().cell_size, SquareFit::kCrop);
                       }));
      WarnOfPictures(references_.pictures, context_.console);
    }
    WrittenTokens tokens;
    for (const ManifestEmbedding& embedding : embeddings_.records) tokens.Add(embedding.token);
    for (size_t i = 0; i < plan_.size(); ++i) {
      const std::string picture = absl::StrCat("picture ", i + 1);
      RETURN_IF_ERROR(InContext(picture, engine::CheckRequest(model_->info(), plan_[i].request)));
      RETURN_IF_ERROR(InContext(picture, engine::CheckSyntax(tokens, plan_[i].request)));
      requests_.push_back(plan_[i].request);
      records_.push_back({.request = plan_[i].request,
                          .finished = engine::FinalSize(model_->info(), plan_[i].request),
                          .comparison = plan_[i].comparison});
    }
    if (order_.safety_check) RETURN_IF_ERROR(CheckHasSafetyChecker(model_->info()));
    pictures_.resize(plan_.size());
    FindWords();
    return absl::OkStatus();
  }

  // Finds which embeddings the prompts use, and what is to be said of the prompts.
  void FindWords() {
    std::set<std::string> tokens;
    for (const ManifestEmbedding& embedding : embeddings_.records) tokens.insert(embedding.token);
    const PromptWords words = WordsIn({.prompts = order_.prompts,
                                       .negative = order_.defaults.negative_prompt,
                                       .style = order_.defaults.prompt_style},
                                      Known(tokens));
    for (const auto& warnings : {WarningsOfText(words), WarningsOfUnused(words, tokens)}) {
      warnings_.insert(warnings_.end(), warnings.begin(), warnings.end());
    }
    for (const ManifestEmbedding& embedding : embeddings_.records) {
      if (words.tokens.count(embedding.token) > 0) used_.push_back(embedding);
    }
  }

  // Adds the words that are baked into the model.
  std::set<std::string> Known(std::set<std::string> tokens) const {
    for (const std::string& word : model_->tokenizer().AddedWords()) tokens.insert(word);
    return tokens;
  }

  absl::Status ReadSource(PictureRequest& defaults) {
    if (order_.source.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(engine::CheckSize(model_->info(), {defaults.width, defaults.height}));
    const auto read = ReadPictures({order_.source}, [&](const RgbImage& picture) {
      return CropAndResize(picture, defaults.width, defaults.height);
    });
    if (!read.ok()) return ForOption("from", read.status());
    WarnOfPictures(*read, context_.console);
    const ReferencePicture& picture = read->front();
    defaults.source = std::make_shared<const RgbImage>(picture.fitted);
    source_ = {{"path", fs::absolute(picture.path).string()}, {"sha256", picture.sha256}};
    return absl::OkStatus();
  }

  // A folder tells of one drawing: pictures of another beside this manifest would mislead.
  absl::Status RemoveEarlierDrawing() const {
    std::error_code ignored;
    if (!fs::exists(out_ / kManifestName, ignored)) return absl::OkStatus();
    if (!order_.overwrite) {
      return absl::AlreadyExistsError(
          absl::StrCat("out: ", (out_ / kManifestName).string(),
                       " exists; choose another folder, or add --overwrite"));
    }
    ASSIGN_OR_RETURN(const auto files, FilesInManifest(out_ / kManifestName));
    for (const fs::path& file : files) fs::remove(file, ignored);
    fs::remove(out_ / kSheetName, ignored);
    fs::remove(out_ / kManifestName, ignored);
    return absl::OkStatus();
  }

  absl::Status Announce(const engine::Sampler& sampler) {
    const PictureRequest& first = plan_[0].request;
    Console& console = context_.console;
    console.Line("model", absl::StrCat(model_->info().folder, " (",
                                       model_->info().fingerprint.substr(0, 12), ")"));
    for (const ManifestEmbedding& embedding : embeddings_.records) {
      console.Line("concept", absl::StrCat(embedding.token, " from ", embedding.path));
    }
    WarnOfModel(first.solver);
    console.Line("pictures", absl::StrCat(plan_.size(), " at ", first.width, "×", first.height,
                                          ", ", Name(first.solver), ", ", first.steps,
                                          " steps, guidance ", first.guidance,
                                          order_.safety_check ? "" : ", not checked for safety"));
    for (const std::string& warning : warnings_) console.Warn(warning);
    if (order_.compare && plan_.size() == order_.prompts.size() * order_.seeds.size()) {
      console.Warn("--compare: no prompt has a token whose embedding says its class word");
    }
    std::set<std::string> measured;
    for (size_t i = 0; i < plan_.size(); ++i) {
      if (!measured.insert(plan_[i].request.prompt).second) continue;
      ASSIGN_OR_RETURN(const engine::Sampler::PromptLength length,
                       sampler.Measure(plan_[i].request.prompt, first.prompt_style));
      if (length.read < length.tokens) {
        console.Warn(absl::StrCat("prompt ", Quoted(plan_[i].request.prompt), " has ",
                                  length.tokens, " tokens; the model reads the first ",
                                  length.read));
      }
    }
    return absl::OkStatus();
  }

  // Warns of what the model's files leave open, and of what they ask of the solver that it does not
  // do.
  void WarnOfModel(const SolverChoice& solver) {
    const engine::BaseModelInfo& model = model_->info();
    for (const std::string& warning : model.warnings) context_.console.Warn(warning);
    if (!order_.solver) {
      if (!model.solver_instead.empty()) context_.console.Warn(model.solver_instead);
      return;
    }
    const auto fields = model.fields_not_honoured.find(Name(solver));
    if (fields == model.fields_not_honoured.end()) return;
    context_.console.Warn(
        absl::StrCat(Name(solver), " does not honour what the model's ",
                     "scheduler_config.json says: ", absl::StrJoin(fields->second, ", ")));
  }

  absl::Status DrawAll(const engine::Sampler& sampler) {
    ProgressBar bar("drawing", context_.terminal, context_.console.err(), MonotonicSeconds);
    engine::DrawHooks hooks;
    // As soon as it is known that a picture cannot be written, or somebody interrupts.
    std::stop_source stop;
    const std::stop_callback interrupted(context_.stop, [&] { stop.request_stop(); });
    hooks.stop = stop.get_token();
    hooks.on_picture = [&](size_t index, RgbImage picture) {
      return Keep(index, std::move(picture));
    };
    hooks.on_warning = [&](const std::string& warning) { context_.console.Warn(warning); };
    hooks.on_step = [&](int64_t done, int64_t total) {
      TellWritten();
      if (!writer_->status().ok()) stop.request_stop();
      if (total_steps_ == 0) bar.Start(0, total);
      total_steps_ = total;
      if (!context_.console.json()) {
        bar.Update(done, absl::StrFormat("%d of %d pictures", finished_, plan_.size()));
      }
    };
    started_ = MonotonicSeconds();
    writer_.emplace(out_, order_.format);
    const absl::Status drawn = sampler.Draw(requests_, hooks, FixedBatch());
    const absl::Status written = writer_->Finish();
    TellWritten();
    bar.Finish();
    seconds_ = MonotonicSeconds() - started_;
    RETURN_IF_ERROR(written);
    if (absl::IsCancelled(drawn)) {
      RETURN_IF_ERROR(WriteManifest());
      return absl::CancelledError(absl::StrCat("stopped; ", finished_, " of ", plan_.size(),
                                               " pictures are in ", out_.string()));
    }
    return drawn;
  }

  // Checks a finished picture, and has it written and remembered while the next ones are drawn. A
  // blocked one is never written.
  absl::Status Keep(size_t index, RgbImage picture) {
    ManifestPicture& record = records_[index];
    bool blocked = false;
    ++finished_;
    if (order_.safety_check) {
      ASSIGN_OR_RETURN(const engine::SafetyScores scores, ScreenPicture(*model_, picture));
      blocked = scores.Blocked();
      record.more["safety"] = {{"blocked", blocked},
                               {"concepts", scores.concepts},
                               {"special_care", scores.special_care}};
    }
    if (blocked) {
      ++blocked_;
      writer_->PassOver(index);
    } else {
      writer_->Add(index, plan_[index].name, std::move(picture));
    }
    return absl::OkStatus();
  }

  // Remembers the pictures that are done since the last call, and says so.
  void TellWritten() {
    for (WrittenPicture& written : writer_->TakeWritten()) {
      ManifestPicture& record = records_[written.index];
      if (written.file.empty()) {
        context_.console.Event("blocked",
                               {{"prompt", record.request.prompt}, {"seed", record.request.seed}});
        continue;
      }
      record.file = written.file;
      record.sha256 = written.sha256;
      context_.console.Event("picture", {{"file", (out_ / record.file).string()},
                                         {"prompt", record.request.prompt},
                                         {"seed", record.request.seed}});
      if (order_.sheet) pictures_[written.index] = std::move(written.image);
    }
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
    if (order_.sheet) {
      RETURN_IF_ERROR(WriteSheet());
      console.Line("sheet", (out_ / kSheetName).string());
      result["sheet"] = (out_ / kSheetName).string();
    }
    console.Line("manifest", (out_ / kManifestName).string());
    console.Event("result", result);
    return absl::OkStatus();
  }

  absl::Status WriteManifest() const {
    const engine::BaseModelInfo& model = model_->info();
    PictureManifest manifest = {.base_model = {{"path", model.folder},
                                               {"fingerprint", model.fingerprint},
                                               {"prediction", model.prediction}},
                                .embeddings = used_,
                                .pictures = records_,
                                .more = {{"imprint", IMPRINT_VERSION},
                                         {"device", Name(model.compute.device)},
                                         {"device_model", device_model_},
                                         {"precision", Name(model.compute.precision)},
                                         {"compute_threads", engine::ComputeThreads()}}};
    if (FixedBatch() > 0) {
      manifest.more["batch_places"] = FixedBatch();
    } else {
      manifest.more["batch"] = order_.batch;
    }
    if (!source_.is_null()) manifest.more["source"] = source_;
    return imprint::WriteManifest(out_, manifest);
  }

  // The places of every batch; 0 if they are no fixed number. Pictures that fill their batches, as
  // those of one size and one number of prompt chunks do, have a fixed number unasked.
  int FixedBatch() const {
    const auto pictures = static_cast<int>(plan_.size());
    const int batch = std::min(order_.batch, pictures);
    return order_.exact || pictures % batch == 0 ? batch : 0;
  }

  // Tokens with the class words that they are compared with; none unless that was asked for.
  std::map<std::string, std::string> ComparedWords() const {
    std::map<std::string, std::string> words;
    for (const ManifestEmbedding& embedding : embeddings_.records) {
      if (order_.compare) words[embedding.token] = embedding.class_word;
    }
    return words;
  }

  absl::Status WriteSheet() const {
    const DrawnPictures drawn = {.title = order_.title,
                                 .embeddings = used_,
                                 .references = references_.pictures,
                                 .plan = plan_,
                                 .pictures = pictures_};
    ASSIGN_OR_RETURN(const RgbImage image, RenderContactSheet(LayOut(drawn)));
    ASSIGN_OR_RETURN(const std::string encoded, EncodePicture(image, PictureFormat::kPng));
    return WriteFileAtomically(out_ / kSheetName, encoded);
  }

  const DrawOrder& order_;
  fs::path out_;
  CommandContext& context_;
  std::shared_ptr<const engine::BaseModel> model_;
  LoadedEmbeddings embeddings_;
  std::string device_model_;
  // Those whose tokens the prompts have.
  std::vector<ManifestEmbedding> used_;
  std::vector<std::string> warnings_;
  // The picture that all pictures begin from; null if there is none.
  nlohmann::json source_;
  ReferenceFolder references_;
  std::vector<PlannedPicture> plan_;
  std::vector<PictureRequest> requests_;
  std::vector<ManifestPicture> records_;
  std::optional<PictureWriter> writer_;
  // For the sheet; only what was written.
  std::vector<std::optional<RgbImage>> pictures_;
  int64_t total_steps_ = 0;
  int64_t finished_ = 0;
  int64_t blocked_ = 0;
  double started_ = 0;
  double seconds_ = 0;
};

}  // namespace

absl::Status Draw(const DrawOrder& order, CommandContext& context) {
  return Drawing(order, context).Run();
}

}  // namespace imprint::cli
