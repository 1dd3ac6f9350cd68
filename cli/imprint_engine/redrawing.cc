#include "cli/imprint_engine/redrawing.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "cli/imprint_engine/picture_screen.h"
#include "cli/imprint_engine/recorded_files.h"
#include "cli/imprint_engine/recorded_order.h"
#include "cli/pictures/picture_comparison.h"
#include "cli/program/option_error.h"
#include "cli/program/progress_bar.h"
#include "cli/program/table.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/monotonic_seconds.h"
#include "base/status_macros.h"
#include "engine/cuda/prepare_device.h"
#include "engine/model/base_model.h"
#include "engine/sampling/sampler.h"
#include "engine/torch/device_check.h"
#include "engine/torch/freed_memory.h"
#include "engine/torch/threads.h"
#include "imaging/encode.h"
#include "orders/recorded_pictures.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

// Where no record says what the batches had.
constexpr int kUsualBatch = 4;

// One run of the command.
class Redrawing {
 public:
  Redrawing(const RedrawOrder& order, CommandContext& context)
      : order_(order), folder_(order.folder), context_(context) {}

  absl::Status Run() {
    engine::KeepFreedMemory();
    RETURN_IF_ERROR(Prepare());
    // Those that are computed alike are drawn in one go.
    const auto computation = [](const RecordedPicture& picture) {
      return std::tie(picture.device, picture.precision, picture.version, picture.device_model,
                      picture.threads, picture.batch_places);
    };
    std::vector<std::vector<const RecordedPicture*>> groups;
    for (const RecordedPicture* picture : chosen_) {
      const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& others) {
        return computation(*others.front()) == computation(*picture);
      });
      (group == groups.end() ? groups.emplace_back() : *group).push_back(picture);
    }
    // However it ends: what was compared is said.
    const absl::Cleanup say = [this] { SayComparisons(); };
    for (const auto& pictures : groups) RETURN_IF_ERROR(DrawAgain(pictures));
    return absl::OkStatus();
  }

  // Says whether all are the same, once they have been drawn.
  absl::Status Finish() {
    const auto all = static_cast<int64_t>(chosen_.size());
    Console& console = context_.console;
    console.Event("result", {{"pictures", all}, {"same", same_}, {"differ", all - same_}});
    if (same_ < all) {
      return absl::DataLossError(absl::StrCat(all - same_, " of ", CountText(all, "picture"),
                                              all - same_ == 1 ? " differs" : " differ",
                                              " from what was recorded"));
    }
    console.Line("redrawn", absl::StrCat(CountText(all, "picture"), ", bit for bit as recorded"));
    return absl::OkStatus();
  }

 private:
  absl::Status Prepare() {
    auto record = ReadRecordedPictures(folder_ / kManifestName);
    if (!record.ok()) return ForOption("PICTURES", record.status());
    record_ = *std::move(record);
    RETURN_IF_ERROR(Choose());
    ASSIGN_OR_RETURN(embeddings_, FindRecordedEmbeddings(record_.embeddings, order_.embeddings));
    if (!record_.source_path.empty()) {
      ASSIGN_OR_RETURN(source_, FindRecordedSource(record_, context_.console));
    }
    return order_.out.empty() ? absl::OkStatus() : PrepareOut();
  }

  // The pictures that are asked for.
  absl::Status Choose() {
    const std::string manifest = (folder_ / kManifestName).string();
    for (const RecordedPicture& picture : record_.pictures) {
      if (!FormatOfExtension(fs::path(picture.file).extension().string())) {
        return FieldError(absl::StrCat(manifest, ": file"), Quoted(picture.file),
                          "a name that ends in .png, .jpg or .webp");
      }
      const bool asked = order_.files.empty() || std::find(order_.files.begin(), order_.files.end(),
                                                           picture.file) != order_.files.end();
      if (asked) chosen_.push_back(&picture);
    }
    for (const std::string& file : order_.files) {
      const bool found = std::any_of(chosen_.begin(), chosen_.end(),
                                     [&](const auto* picture) { return picture->file == file; });
      if (!found) {
        return FieldError("picture", Quoted(file),
                          absl::StrCat("a file that ", manifest, " names"));
      }
    }
    if (!chosen_.empty()) return absl::OkStatus();
    return FieldError("PICTURES", "a manifest without pictures",
                      "at least one picture that was written");
  }

  // Nothing is overwritten, least of all what was drawn first.
  absl::Status PrepareOut() const {
    std::error_code ignored;
    for (const RecordedPicture* picture : chosen_) {
      const fs::path file = fs::path(order_.out) / picture->file;
      if (fs::exists(file, ignored)) {
        return absl::AlreadyExistsError(
            absl::StrCat("out: ", file.string(), " exists; choose another folder"));
      }
    }
    return ForOption("out", EnsureWritableFolder(order_.out));
  }

  absl::Status DrawAgain(const std::vector<const RecordedPicture*>& pictures) {
    const RecordedPicture& first = *pictures.front();
    ASSIGN_OR_RETURN(const engine::DeviceFacts device, LoadModel(first));
    Announce(first, device);
    int batch = first.batch_places > 0 ? first.batch_places : record_.batch;
    if (batch == 0) batch = kUsualBatch;
    ASSIGN_OR_RETURN(const engine::Sampler sampler,
                     engine::Sampler::Make(model_, embeddings_, batch));
    ASSIGN_OR_RETURN(engine::DrawingOrder order, OrderOf(pictures, model_->info(), source_.get()));
    ProgressBar bar("drawing", context_.terminal, context_.console.err(), MonotonicSeconds);
    int64_t steps = 0;
    order.hooks.stop = context_.stop;
    order.hooks.on_warning = [&](const std::string& text) { context_.console.Warn(text); };
    order.hooks.on_step = [&](int64_t done, int64_t total) {
      if (std::exchange(steps, total) == 0) bar.Start(0, total);
      if (!context_.console.json()) bar.Update(done, "");
    };
    order.hooks.on_picture = [&](size_t index, RgbImage image) {
      return Compare(*pictures[index], image);
    };
    const absl::Status drawn = sampler.Draw(std::move(order));
    bar.Finish();
    if (!absl::IsCancelled(drawn)) return drawn;
    return absl::CancelledError(
        absl::StrCat("stopped; ", comparisons_.size(), " of ",
                     CountText(static_cast<int64_t>(chosen_.size()), "picture"), " compared"));
  }

  // Loads the model as it was, unless it is loaded already. Returns the device.
  absl::StatusOr<engine::DeviceFacts> LoadModel(const RecordedPicture& recorded) {
    std::optional<ComputeDevice> wanted = order_.device;
    if (!wanted && recorded.device) wanted = ComputeDevice{*recorded.device};
    ASSIGN_OR_RETURN(const engine::ChosenDevice chosen, engine::ChooseDevice(wanted));
    const ComputeOptions compute = {.device = chosen.facts.device, .precision = recorded.precision};
    RETURN_IF_ERROR(
        engine::SetComputeThreads(context_.threads > 0 ? context_.threads : recorded.threads));
    const ComputeChoice choice = compute.choice();
    if (model_ != nullptr && model_->info().compute == choice) return chosen.facts;
    RETURN_IF_ERROR(engine::PrepareDevice(compute).status());
    const std::string path = order_.model.empty() ? record_.model_path : order_.model;
    if (path.empty()) {
      return absl::InvalidArgumentError(
          "model: not given, and the manifest names no folder; give it with --model");
    }
    model_ = nullptr;  // before the next one is loaded
    ASSIGN_OR_RETURN(model_, engine::BaseModel::Load(path, choice));
    const engine::BaseModelInfo& info = model_->info();
    if (info.fingerprint != record_.model_fingerprint) {
      return FieldError(
          "model", absl::StrCat(path, ", whose fingerprint is ", info.fingerprint),
          absl::StrCat("the one that the pictures were drawn with, ", record_.model_fingerprint));
    }
    if (!order_.out.empty() && order_.safety_check) RETURN_IF_ERROR(CheckHasSafetyChecker(info));
    context_.console.Line("model",
                          absl::StrCat(info.folder, " (", info.fingerprint.substr(0, 12), ")"));
    return chosen.facts;
  }

  // Says what is computed with, and what of that differs from the record.
  void Announce(const RecordedPicture& recorded, const engine::DeviceFacts& device) {
    const ComputeChoice& compute = model_->info().compute;
    const std::string threads = CountText(engine::ComputeThreads(), "thread");
    Console& console = context_.console;
    console.Line(
        "computing",
        absl::StrCat(
            Name(compute.device), ", ", Name(compute.precision), ", ", threads, ", batches of ",
            recorded.batch_places > 0 ? absl::StrCat(recorded.batch_places) : "no fixed size"));
    std::vector<std::string> others;
    const auto compare = [&](const char* what, absl::string_view then, absl::string_view now) {
      if (!then.empty() && then != now) {
        others.push_back(absl::StrCat(what, " was ", then, ", here it is ", now));
      }
    };
    compare("Imprint", recorded.version, IMPRINT_VERSION);
    if (recorded.device) compare("the device", Name(*recorded.device), Name(compute.device.kind));
    compare("the device's model", recorded.device_model, device.model);
    if (recorded.threads > 0) {
      compare("the number of threads", absl::StrCat(recorded.threads),
              absl::StrCat(engine::ComputeThreads()));
    }
    if (recorded.batch_places == 0) others.emplace_back("the batches had no fixed size");
    for (const std::string& other : others) {
      console.Warn(absl::StrCat(other, ": pictures may differ in their last digits"));
    }
  }

  absl::Status Compare(const RecordedPicture& picture, const RgbImage& image) {
    const auto format = FormatOfExtension(fs::path(picture.file).extension().string());
    ASSIGN_OR_RETURN(const std::string encoded, EncodePicture(image, *format));
    PictureComparison comparison = ComparePicture(encoded, picture.sha256, folder_ / picture.file);
    bool blocked = false;
    if (!order_.out.empty()) {
      if (order_.safety_check) {
        ASSIGN_OR_RETURN(const engine::SafetyScores scores, ScreenPicture(*model_, image));
        blocked = scores.Blocked();
      }
      if (blocked) {
        absl::StrAppend(&comparison.text, "; blocked by the safety checker, not written");
      } else {
        RETURN_IF_ERROR(WriteFileAtomically(fs::path(order_.out) / picture.file, encoded));
      }
    }
    same_ += comparison.same ? 1 : 0;
    context_.console.Event("picture", {{"file", picture.file},
                                       {"same", comparison.same},
                                       {"old_file", Name(comparison.file)},
                                       {"comparison", comparison.text},
                                       {"blocked", blocked}});
    comparisons_[&picture] = std::move(comparison);
    return absl::OkStatus();
  }

  // In the order of the manifest, not in that in which they were finished.
  void SayComparisons() {
    for (const RecordedPicture* picture : chosen_) {
      const auto found = comparisons_.find(picture);
      if (found == comparisons_.end()) continue;
      context_.console.Line(found->second.same ? "same" : "differs",
                            absl::StrCat(picture->file, ": ", found->second.text));
    }
  }

  const RedrawOrder& order_;
  const fs::path folder_;
  CommandContext& context_;
  RecordedPictures record_;
  std::vector<const RecordedPicture*> chosen_;
  std::vector<LearnedEmbedding> embeddings_;
  std::shared_ptr<const RgbImage> source_;
  std::shared_ptr<const engine::BaseModel> model_;
  std::map<const RecordedPicture*, PictureComparison> comparisons_;
  int64_t same_ = 0;
};

}  // namespace

absl::Status Redraw(const RedrawOrder& order, CommandContext& context) {
  Redrawing redrawing(order, context);
  RETURN_IF_ERROR(redrawing.Run());
  return redrawing.Finish();
}

}  // namespace imprint::cli
