#include "cli/imprint/commands/set_folder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/imprint/commands/drawing.h"
#include "cli/program/table.h"

#include "base/atomic_file.h"
#include "base/field_error.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "imaging/decode.h"
#include "imaging/picture_likeness.h"
#include "sets/report/coverage_plot.h"
#include "sets/report/report_json.h"
#include "sets/report/report_page.h"

namespace imprint::cli {
namespace {

absl::StatusOr<PictureLikeness> LikenessIn(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const auto file, MappedFile::Open(path));
  const auto decoded = DecodePicture(file->bytes());
  if (!decoded.ok()) return InContext(path.string(), decoded.status());
  return LikenessOf(decoded->image);
}

absl::StatusOr<sets::SetReport> ReportOf(const v1::ImageSet& set, const PlanLayout& layout,
                                         const PictureFolder& folder) {
  std::vector<sets::ReportedPicture> pictures;
  for (const auto& [number, kept] : folder.kept()) {
    const v1::ItemRequest& request = kept.item.request();
    sets::ReportedPicture& picture = pictures.emplace_back(sets::ReportedPicture{
        .index = request.index(),
        .prompt = request.prompt(),
        .seed = request.seed(),
        .file = kept.file,
        .sha256 = kept.item.sha256(),
        .scores = {kept.item.safety().scores().begin(), kept.item.safety().scores().end()}});
    for (const v1::BlockedTry& tried : kept.item.blocked_tries()) {
      picture.blocked_tries.push_back(
          {.seed = tried.seed(),
           .scores = {tried.safety().scores().begin(), tried.safety().scores().end()}});
    }
    if (kept.file.empty()) continue;
    ASSIGN_OR_RETURN(picture.likeness, LikenessIn(folder.path() / kept.file));
  }
  return sets::MakeReport(
      layout.plan(),
      {.title = set.title(),
       .image_set = set.name(),
       .base_model = set.spec().base_model(),
       .fingerprint = set.base_model_fingerprint(),
       .embeddings = {set.spec().embeddings().begin(), set.spec().embeddings().end()}},
      std::move(pictures));
}

absl::Status WriteReport(const sets::SetReport& report, size_t columns,
                         const std::filesystem::path& folder) {
  constexpr auto kReplaceBadUtf8 = nlohmann::json::error_handler_t::replace;
  RETURN_IF_ERROR(WriteFileAtomically(
      folder / kReportJson, sets::ReportJson(report).dump(2, ' ', false, kReplaceBadUtf8) + "\n"));
  RETURN_IF_ERROR(WriteFileAtomically(folder / kReportPlot, sets::CoveragePlot(report)));
  return WriteFileAtomically(folder / kReportPage, sets::ReportPage(report, columns));
}

}  // namespace

absl::StatusOr<nlohmann::json> CompleteSetFolder(const v1::ImageSet& set,
                                                 const v1::BaseModel& model,
                                                 const std::vector<v1::Embedding>& embeddings,
                                                 const PlanLayout& layout, PictureFolder& folder,
                                                 Gateway& gateway, Console& console) {
  ASSIGN_OR_RETURN(const auto counts, folder.Complete(gateway, set, [&](const auto& item) {
    return layout.Of(item);
  }));
  RETURN_IF_ERROR(folder.WriteManifest(model, embeddings));
  nlohmann::json result = {{"pictures", counts.pictures - counts.blocked},
                           {"blocked", counts.blocked},
                           {"image_set", set.name()},
                           {"manifest", folder.manifest().string()}};
  console.Line("drawn", absl::StrCat(CountText(counts.pictures - counts.blocked, "picture"), " in ",
                                     folder.path().string(), ", ", set.name()));
  WarnOfBlocked(counts, console);
  const std::vector<bool> settings = layout.plan()->AxesOfSettings();
  const bool differ = std::find(settings.begin(), settings.end(), true) != settings.end();
  if (counts.pictures > 0) {
    RETURN_IF_ERROR(folder.WriteSheet(
        {.title = set.title().empty() ? JoinTokens(embeddings) : set.title(),
         .subtitle = absl::StrCat(DescribeDrawing(set.spec()), differ ? "; some otherwise" : "")}));
    console.Line("sheet", folder.sheet().string());
    result["sheet"] = folder.sheet().string();
  }
  ASSIGN_OR_RETURN(const sets::SetReport report, ReportOf(set, layout, folder));
  RETURN_IF_ERROR(WriteReport(report, layout.columns(), folder.path()));
  const auto unmet = std::count_if(report.quotas.begin(), report.quotas.end(),
                                   [](const auto& quota) { return !quota.is_met; });
  if (unmet > 0) {
    console.Warn(absl::StrCat(unmet, " of ", CountText(std::ssize(report.quotas), "quota"),
                              " not met by what was drawn; the report says which"));
  }
  console.Line("report", (folder.path() / kReportPage).string());
  console.Line("manifest", folder.manifest().string());
  result["report"] = (folder.path() / kReportJson).string();
  result["missing"] = report.all.missing();
  result["unmet_quotas"] = unmet;
  return result;
}

}  // namespace imprint::cli
