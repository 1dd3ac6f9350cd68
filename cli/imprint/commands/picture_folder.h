// A folder that image sets are fetched into: pictures, contact sheet, and manifest. The manifest is
// the one that imprint-engine writes, with the names of the resources, and without what only the
// samplers know (device, threads, prediction).
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/imprint/client/gateway.h"
#include "cli/imprint/commands/drawing_plan.h"

#include "orders/picture_manifest.h"

namespace imprint::cli {

// What a plan's folder has, too (set_folder.h).
inline constexpr const char* kReportPage = "report.html";
inline constexpr const char* kReportJson = "report.json";
inline constexpr const char* kReportPlot = "coverage.svg";

// Not thread-safe.
class PictureFolder {
 public:
  // Returns FAILED_PRECONDITION naming out if the folder cannot be written, and ALREADY_EXISTS if
  // its manifest is another drawing's and `overwrite` is not set. What is to be replaced stays
  // until Keep or WriteManifest has something to put in its place: a drawing that never begins
  // loses nothing.
  static absl::StatusOr<PictureFolder> Make(const std::filesystem::path& path, bool overwrite);

  // Fetches a picture into its file and returns the file's path. A no-op if the file exists and has
  // the hash.
  absl::StatusOr<std::filesystem::path> Keep(Gateway& gateway, const PlannedItem& planned,
                                             const std::string& item, const std::string& sha256,
                                             v1::PictureFormat format);

  // Completes a finished set: fetches what Keep was not called for, and returns how many pictures
  // there are and how many were blocked.
  struct Counts {
    int64_t pictures = 0;
    int64_t blocked = 0;
  };
  absl::StatusOr<Counts> Complete(Gateway& gateway, const v1::ImageSet& set,
                                  const PlaceOf& place_of, bool comparison = false);

  // Writes manifest.json for the sets that are complete. `embeddings` are those that the prompts
  // use; the model's folder may be unknown.
  absl::Status WriteManifest(const v1::BaseModel& model,
                             const std::vector<v1::Embedding>& embeddings);

  // A picture of a complete set.
  struct Kept {
    PlannedItem planned;
    bool comparison;
    v1::Item item;
    // Its name in the folder; empty if it was blocked.
    std::string file;
  };
  // Returns all of them, by number, which is the sheet's order.
  const std::map<size_t, Kept>& kept() const { return kept_; }
  const std::filesystem::path& path() const { return path_; }

  struct Sheet {
    std::string title;
    std::string subtitle;
    // The class words, for the captions of the pictures for comparison.
    std::string compared_with;
    // Folder of pictures for the first row; none if empty.
    std::filesystem::path references;
  };
  absl::Status WriteSheet(const Sheet& sheet) const;

  std::filesystem::path manifest() const { return path_ / kManifestName; }
  std::filesystem::path sheet() const { return path_ / "contact-sheet.png"; }

 private:
  explicit PictureFolder(std::filesystem::path path) : path_(std::move(path)) {}

  void RemoveEarlierDrawing();

  std::filesystem::path path_;
  // Files of an earlier drawing that are to be removed and still exist.
  std::vector<std::filesystem::path> earlier_;
  std::map<size_t, Kept> kept_;
  std::vector<std::string> sets_;
};

}  // namespace imprint::cli
