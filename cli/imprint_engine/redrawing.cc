#include "cli/imprint_engine/redrawing.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/imprint_engine/picture_screen.h"
#include "cli/imprint_engine/recorded_files.h"
#include "cli/program/option_error.h"
#include "cli/program/progress_bar.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "engine/cuda/prepare_device.h"
#include "engine/model/base_model.h"
#include "engine/sampling/sampler.h"
#include "engine/torch/device_check.h"
#include "engine/torch/freed_memory.h"
#include "engine/torch/threads.h"
#include "imaging/decode.h"
#include "imaging/encode.h"
#include "orders/precision.h"
#include "orders/recorded_pictures.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

// Places of batches whose pictures do not say how many theirs had.
constexpr int kUsualBatch = 4;

// Returns in words how two files' pictures differ; "not comparable" if one cannot be read.
std::string Difference(std::span<const std::byte> written, absl::string_view redrawn) {
  const auto a = DecodePixels(written);
  const auto b = DecodePixels(std::as_bytes(std::span(redrawn)));
  if (!a.ok() || !b.ok() || a->pixels.size() != b->pixels.size()) return "not comparable";
  size_t differ = 0;
  int most = 0;
  for (size_t i = 0; i < a->pixels.size(); ++i) {
    const int difference = std::abs(int{a->pixels[i]} - int{b->pixels[i]});
    differ += difference > 0 ? 1 : 0;
    most = std::max(most, difference);
  }
  if (differ == 0) return "the same pixels in another file";
  return absl::StrFormat("%d of %d values, by %d of 255 at most", differ, a->pixels.size(), most);
}

// One run of the command.
class Redrawing {
 public:
  Redrawing(const RedrawOrder& order, CommandContext& context)
      : order_(order), folder_(order.folder), context_(context) {}

  absl::Status Run() {
    engine::KeepFreedMemory();
    RETURN_IF_ERROR(Prepare());
    // Those that are computed alike are drawn in one go.
    using Computation = std::tuple<std::string, std::string, int, int>;
    std::map<Computation, std::vector<const RecordedPicture*>> groups;
    for (const RecordedPicture* picture : chosen_) {
      groups[{picture->device, picture->precision, picture->threads, picture->batch_places}]
          .push_back(picture);
    }
    for (const auto& [computation, pictures] : groups) RETURN_IF_ERROR(DrawAgain(pictures));
    return Finish();
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
    if (order_.out.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(CheckOut());
    return ForOption("out", EnsureWritableFolder(order_.out));
  }

  // The pictures that are asked for.
  absl::Status Choose() {
    for (const RecordedPicture& picture : record_.pictures) {
      const bool asked = order_.files.empty() || std::find(order_.files.begin(), order_.files.end(),
                                                           picture.file) != order_.files.end();
      if (asked) chosen_.push_back(&picture);
    }
    for (const std::string& file : order_.files) {
      const bool found = std::any_of(chosen_.begin(), chosen_.end(),
                                     [&](const auto* picture) { return picture->file == file; });
      if (!found) {
        return FieldError(
            "picture", Quoted(file),
            absl::StrCat("a file that ", (folder_ / kManifestName).string(), " names"));
      }
    }
    if (!chosen_.empty()) return absl::OkStatus();
    return FieldError("PICTURES", "a manifest without pictures", "one that was written, at least");
  }

  // What was drawn first stays as it is.
  absl::Status CheckOut() const {
    std::error_code ignored;
    if (!fs::equivalent(order_.out, folder_, ignored)) return absl::OkStatus();
    return FieldError("out", Quoted(order_.out), "another folder than that of the pictures");
  }

  absl::Status DrawAgain(const std::vector<const RecordedPicture*>& pictures) {
    const RecordedPicture& first = *pictures.front();
    RETURN_IF_ERROR(LoadModel(first));
    const int places = first.batch_places > 0 ? first.batch_places : kUsualBatch;
    ASSIGN_OR_RETURN(const engine::Sampler sampler,
                     engine::Sampler::Make(model_, embeddings_, places));
    engine::DrawingOrder order = {.fixed_batch = first.batch_places};
    for (const RecordedPicture* picture : pictures) {
      order.requests.push_back(picture->request);
      if (source_ != nullptr) order.requests.back().source = CutTo(picture->request, *source_);
      order.positions.push_back(picture->position);
    }
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
        absl::StrCat("stopped; ", lines_.size(), " of ", chosen_.size(), " pictures are compared"));
  }

  absl::Status LoadModel(const RecordedPicture& recorded) {
    std::optional<ComputeDevice> wanted = order_.device;
    if (!wanted && !recorded.device.empty()) {
      ASSIGN_OR_RETURN(wanted, ParseDevice("device", recorded.device));
    }
    ASSIGN_OR_RETURN(const engine::ChosenDevice chosen, engine::ChooseDevice(wanted));
    ComputeOptions compute = {.device = chosen.facts.device};
    if (!recorded.precision.empty()) {
      ASSIGN_OR_RETURN(compute.precision, ParsePrecision("precision", recorded.precision));
    }
    const int threads = context_.threads > 0 ? context_.threads : recorded.threads;
    RETURN_IF_ERROR(engine::SetComputeThreads(threads));
    RETURN_IF_ERROR(engine::PrepareDevice(compute).status());
    const std::string path = order_.model.empty() ? record_.model_path : order_.model;
    if (path.empty()) {
      return FieldError("model", "none, and the manifest names no folder", "its folder: --model");
    }
    model_ = nullptr;  // before the next one is loaded
    ASSIGN_OR_RETURN(model_, engine::BaseModel::Load(path, compute.choice()));
    const engine::BaseModelInfo& info = model_->info();
    if (info.fingerprint != record_.model_fingerprint) {
      return FieldError(
          "model", absl::StrCat(path, ", whose fingerprint is ", info.fingerprint),
          absl::StrCat("the one that the pictures were drawn with, ", record_.model_fingerprint));
    }
    if (!order_.out.empty() && order_.safety_check) RETURN_IF_ERROR(CheckHasSafetyChecker(info));
    Announce(recorded, chosen.facts);
    return absl::OkStatus();
  }

  // Says what is computed with, and what of that is other than it was.
  void Announce(const RecordedPicture& recorded, const engine::DeviceFacts& device) {
    const engine::BaseModelInfo& model = model_->info();
    Console& console = context_.console;
    console.Line("model", absl::StrCat(model.folder, " (", model.fingerprint.substr(0, 12), ")"));
    console.Line(
        "computing",
        absl::StrCat(
            Name(model.compute.device), ", ", Name(model.compute.precision), ", ",
            engine::ComputeThreads(), engine::ComputeThreads() == 1 ? " thread" : " threads",
            ", batches of ",
            recorded.batch_places > 0 ? absl::StrCat(recorded.batch_places) : "no fixed size"));
    std::vector<std::string> others;
    const auto compare = [&](const char* what, const std::string& then, const std::string& now) {
      if (!then.empty() && then != now) {
        others.push_back(absl::StrCat(what, " was ", then, " and is ", now));
      }
    };
    compare("Imprint", recorded.version, IMPRINT_VERSION);
    const std::string name = Name(model.compute.device);
    compare("the device", recorded.device, name.substr(0, name.find(':')));
    compare("its model", recorded.device_model, device.model);
    compare("the number of threads", recorded.threads > 0 ? absl::StrCat(recorded.threads) : "",
            absl::StrCat(engine::ComputeThreads()));
    if (recorded.batch_places == 0) others.emplace_back("its batches were of no fixed size");
    for (const std::string& other : others) {
      console.Warn(absl::StrCat(other, ": pictures may differ in their last digits"));
    }
  }

  absl::Status Compare(const RecordedPicture& picture, const RgbImage& image) {
    const fs::path file = folder_ / picture.file;
    const auto format = FormatOfExtension(file.extension().string());
    if (!format) {
      return FieldError("file", Quoted(picture.file), "a name that ends in .png, .jpg or .webp");
    }
    ASSIGN_OR_RETURN(const std::string encoded, EncodePicture(image, *format));
    const bool same = Sha256Hex(encoded) == picture.sha256;
    std::string text = same ? "bit for bit" : "";
    const auto written = MappedFile::Open(file);
    if (!written.ok()) {
      absl::StrAppend(&text, same ? "; " : "", "the file is not there");
    } else if (Sha256Hex((*written)->bytes()) != picture.sha256) {
      absl::StrAppend(&text, same ? "; " : "", "the file has been changed since");
    } else if (!same) {
      text = Difference((*written)->bytes(), encoded);
    }
    bool blocked = false;
    if (!order_.out.empty()) {
      if (order_.safety_check) {
        ASSIGN_OR_RETURN(const engine::SafetyScores scores, ScreenPicture(*model_, image));
        blocked = scores.Blocked();
      }
      if (blocked) {
        absl::StrAppend(&text, "; blocked by the safety checker, not written");
      } else {
        RETURN_IF_ERROR(WriteFileAtomically(fs::path(order_.out) / picture.file, encoded));
      }
    }
    same_ += same ? 1 : 0;
    context_.console.Event("picture", {{"file", picture.file},
                                       {"same", same},
                                       {"difference", same ? "" : text},
                                       {"blocked", blocked}});
    lines_[picture.file] = {same ? "same" : "differs", absl::StrCat(picture.file, ": ", text)};
    return absl::OkStatus();
  }

  absl::Status Finish() {
    Console& console = context_.console;
    // In the order of the manifest, not in that in which they were finished.
    for (const RecordedPicture* picture : chosen_) {
      const auto& [label, text] = lines_[picture->file];
      console.Line(label, text);
    }
    const auto all = static_cast<int64_t>(chosen_.size());
    console.Event("result", {{"pictures", all}, {"same", same_}, {"differ", all - same_}});
    if (same_ == all) {
      console.Line("redrawn", absl::StrCat(all, all == 1 ? " picture" : " pictures",
                                           ", bit for bit as recorded"));
      return absl::OkStatus();
    }
    return absl::DataLossError(
        absl::StrCat(all - same_, " of ", all, " pictures differ from what was recorded"));
  }

  const RedrawOrder& order_;
  const fs::path folder_;
  CommandContext& context_;
  RecordedPictures record_;
  std::vector<const RecordedPicture*> chosen_;
  std::vector<LearnedEmbedding> embeddings_;
  std::shared_ptr<const RgbImage> source_;
  std::shared_ptr<const engine::BaseModel> model_;
  // What is said of each picture, by its file.
  std::map<std::string, std::pair<std::string, std::string>> lines_;
  int64_t same_ = 0;
};

}  // namespace

absl::Status Redraw(const RedrawOrder& order, CommandContext& context) {
  return Redrawing(order, context).Run();
}

}  // namespace imprint::cli
