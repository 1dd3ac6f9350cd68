#include "storage/folder_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace imprint {
namespace {

void AddLine(absl::string_view what, absl::string_view which, std::string& text) {
  absl::StrAppendFormat(&text, "%-9s%s\n", what, which);
}

void AddBlobs(absl::string_view what, const std::vector<FolderReport::Blob>& blobs,
              std::string& text) {
  for (const FolderReport::Blob& blob : blobs) {
    AddLine(what,
            blob.belongs_to.empty()
                ? blob.sha256
                : absl::StrCat(blob.sha256, "  of ", absl::StrJoin(blob.belongs_to, ", ")),
            text);
  }
}

nlohmann::json ToJson(const std::vector<FolderReport::Blob>& blobs) {
  nlohmann::json json = nlohmann::json::array();
  for (const FolderReport::Blob& blob : blobs) {
    json.push_back({{"sha256", blob.sha256}, {"belongs_to", blob.belongs_to}});
  }
  return json;
}

}  // namespace

std::string ToText(const FolderReport& report) {
  std::string text;
  for (const std::string& fault : report.database) AddLine("database", fault, text);
  for (const std::string& record : report.records) AddLine("record", record, text);
  AddBlobs("missing", report.missing, text);
  AddBlobs("damaged", report.damaged, text);
  for (const std::string& sha256 : report.orphans) AddLine("orphan", sha256, text);
  for (const std::string& path : report.open_to_others) AddLine("open", path, text);
  absl::StrAppend(&text, report.service, ": ", report.Clean() ? "clean" : "not clean", "; ",
                  report.good_records, " records and ", report.good_blobs, " blobs good, ",
                  report.database.size(), " faults of the database, ", report.records.size(),
                  " records unreadable, ", report.missing.size(), " blobs missing, ",
                  report.damaged.size(), " damaged, ", report.orphans.size(),
                  " without an owner\n");
  if (!report.open_to_others.empty()) {
    absl::StrAppend(&text,
                    "Other users of this machine can reach what is listed as open; chmod "
                    "-R go= on the folder closes it.\n");
  }
  return text;
}

nlohmann::json ToJson(const FolderReport& report) {
  return {{"service", report.service},           {"clean", report.Clean()},
          {"good_records", report.good_records}, {"good_blobs", report.good_blobs},
          {"database", report.database},         {"records", report.records},
          {"missing", ToJson(report.missing)},   {"damaged", ToJson(report.damaged)},
          {"orphans", report.orphans},           {"open_to_others", report.open_to_others}};
}

}  // namespace imprint
