#include "cli/imprint/commands/picture_folder.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/imprint/client/image_sets.h"
#include "cli/imprint/client/transfers.h"
#include "cli/imprint/commands/wire_format.h"
#include "cli/pictures/picture_list.h"
#include "cli/pictures/prompt_sheet.h"
#include "cli/program/option_error.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "imaging/decode.h"
#include "imaging/encode.h"
#include "imaging/fit.h"
#include "orders/picture_manifest.h"
#include "orders/wire/picture_wire.h"

namespace imprint::cli {
namespace {

namespace fs = std::filesystem;

bool HoldsAlready(const fs::path& file, const std::string& sha256) {
  const auto held = MappedFile::Open(file);
  return held.ok() && Sha256Hex((*held)->bytes()) == sha256;
}

absl::StatusOr<RgbImage> ReadPicture(const fs::path& path) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(DecodedPicture decoded, DecodePicture(file->bytes()));
  return std::move(decoded.image);
}

nlohmann::json RecordOf(const v1::PictureComputation& computation) {
  return {{"version", computation.version()},
          {"device", computation.device()},
          {"device_model", computation.device_model()},
          {"threads", computation.threads()},
          {"batch_places", computation.batch_places()}};
}

std::vector<double> ScoresOf(const v1::SafetyReport& safety) {
  return {safety.scores().begin(), safety.scores().end()};
}

absl::StatusOr<ManifestPicture> ManifestPictureOf(const v1::Item& item, bool comparison,
                                                  const std::string& file) {
  ManifestPicture picture = {.finished = FinishedSize(item.request()),
                             .comparison = comparison,
                             .file = file,
                             .sha256 = item.sha256()};
  ASSIGN_OR_RETURN(picture.request, ParseItem(item.request(), "request."));
  const std::string& precision = item.request().precision();
  const v1::SafetyReport& safety = item.safety();
  picture.more = {{"item", item.name()},
                  {"precision", precision.empty() ? "fp32" : precision},
                  {"safety", {{"blocked", safety.blocked()}, {"scores", ScoresOf(safety)}}}};
  if (item.has_computation()) picture.more["computation"] = RecordOf(item.computation());
  if (!item.request().key().empty()) picture.more["key"] = item.request().key();
  for (const auto& [language, text] : item.request().alt_text()) {
    picture.more["alt_text"][language] = text;
  }
  for (const v1::BlockedTry& tried : item.blocked_tries()) {
    picture.more["blocked_tries"].push_back(
        {{"seed", tried.seed()}, {"scores", ScoresOf(tried.safety())}});
  }
  return picture;
}

}  // namespace

absl::StatusOr<PictureFolder> PictureFolder::Make(const fs::path& path, bool overwrite) {
  PictureFolder folder(path);
  RETURN_IF_ERROR(ForOption("out", EnsureWritableFolder(path)));
  std::error_code ignored;
  if (!fs::exists(folder.manifest(), ignored)) return folder;
  if (!overwrite) {
    return absl::AlreadyExistsError(absl::StrCat(
        "out: ", folder.manifest().string(), " exists; choose another folder, or add --overwrite"));
  }
  auto pictures = FilesInManifest(folder.manifest());
  if (!pictures.ok()) return ForOption("out", pictures.status());
  folder.earlier_ = *std::move(pictures);
  folder.earlier_.push_back(folder.sheet());
  for (const char* report : {kReportPage, kReportJson, kReportPlot}) {
    folder.earlier_.push_back(path / report);
  }
  // Last: a folder that is half cleared still says that it tells of a drawing.
  folder.earlier_.push_back(folder.manifest());
  return folder;
}

// A folder tells of one drawing: pictures of another beside this manifest would mislead.
void PictureFolder::RemoveEarlierDrawing() {
  std::error_code ignored;
  for (const fs::path& file : earlier_) fs::remove(file, ignored);
  earlier_.clear();
}

absl::StatusOr<fs::path> PictureFolder::Keep(Gateway& gateway, const PlannedItem& planned,
                                             const std::string& item, const std::string& sha256,
                                             v1::PictureFormat format) {
  const fs::path file = path_ / absl::StrCat(planned.file_stem, Extension(FromWire(format)));
  // A file of the earlier drawing is about to go, even if it is the same picture.
  if (earlier_.empty() && HoldsAlready(file, sha256)) return file;
  ASSIGN_OR_RETURN(const std::string content, DownloadItem(gateway, item));
  RemoveEarlierDrawing();
  RETURN_IF_ERROR(WriteFileAtomically(file, content));
  return file;
}

absl::StatusOr<PictureFolder::Counts> PictureFolder::Complete(Gateway& gateway,
                                                              const v1::ImageSet& set,
                                                              const PlaceOf& place_of,
                                                              bool comparison) {
  ASSIGN_OR_RETURN(std::vector<v1::Item> items, ListItems(gateway, set.name()));
  Counts counts;
  for (v1::Item& item : items) {
    ASSIGN_OR_RETURN(const PlannedItem place, place_of(item.request()));
    Kept kept{.planned = place, .comparison = comparison};
    ++counts.pictures;
    if (item.safety().blocked()) {
      ++counts.blocked;
    } else {
      ASSIGN_OR_RETURN(const fs::path file,
                       Keep(gateway, place, item.name(), item.sha256(), set.spec().format()));
      kept.file = file.filename().string();
    }
    kept.item = std::move(item);
    kept_.insert_or_assign(place.number, std::move(kept));
  }
  sets_.push_back(set.name());
  return counts;
}

absl::Status PictureFolder::WriteManifest(const v1::BaseModel& model,
                                          const std::vector<v1::Embedding>& embeddings) {
  PictureManifest manifest = {
      .base_model = {{"name", model.name()}, {"fingerprint", model.fingerprint()}},
      .more = {{"imprint", IMPRINT_VERSION}, {"image_sets", sets_}}};
  if (!model.folder().empty()) manifest.base_model["path"] = model.folder();
  for (const v1::Embedding& embedding : embeddings) {
    manifest.embeddings.push_back({.token = embedding.token(),
                                   .class_word = embedding.class_word(),
                                   .name = embedding.name(),
                                   .sha256 = embedding.sha256()});
  }
  for (const auto& [number, kept] : kept_) {
    ASSIGN_OR_RETURN(manifest.pictures.emplace_back(),
                     ManifestPictureOf(kept.item, kept.comparison, kept.file));
  }
  RemoveEarlierDrawing();
  return imprint::WriteManifest(path_, manifest);
}

absl::Status PictureFolder::WriteSheet(const Sheet& sheet) const {
  PromptSheet page(sheet.title, sheet.subtitle);
  if (!sheet.references.empty()) {
    ASSIGN_OR_RETURN(const PictureList list, ListPictures(sheet.references));
    ContactSheet::Row row{.heading = "taught from"};
    for (size_t i = 0; i < std::min(list.paths.size(), kMaxSheetColumns); ++i) {
      auto picture = ReadPicture(list.paths[i]);
      if (!picture.ok()) return ForOption(list.paths[i].filename().string(), picture.status());
      row.cells.push_back(
          {.picture = FitToSquare(*picture, ContactSheet().cell_size, SquareFit::kCrop),
           .caption = list.paths[i].filename().string()});
    }
    page.AddReferences(std::move(row));
  }
  for (const auto& [number, kept] : kept_) {
    ContactSheet::Cell cell;
    if (kept.file.empty()) {
      cell.caption = "blocked by the safety checker";
    } else if (page.HasRoom(kept.planned.row)) {
      ASSIGN_OR_RETURN(cell.picture, ReadPicture(path_ / kept.file));
      cell.caption = kept.planned.caption;
      if (kept.comparison) cell.caption = absl::StrCat(sheet.compared_with, ", ", cell.caption);
    }
    page.Add(kept.planned.row, kept.planned.heading, std::move(cell));
  }
  ASSIGN_OR_RETURN(const RgbImage image, RenderContactSheet(std::move(page).Finish()));
  ASSIGN_OR_RETURN(const std::string encoded, EncodePicture(image, PictureFormat::kPng));
  return WriteFileAtomically(this->sheet(), encoded);
}

}  // namespace imprint::cli
