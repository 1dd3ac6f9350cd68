#include "storage/fsck.h"

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/error_notes.h"
#include "base/field_error.h"
#include "base/private_path.h"
#include "base/status_macros.h"

namespace imprint {
namespace {

constexpr int kUnclean = 1;
constexpr int kCannotLook = 2;

struct Asked {
  std::filesystem::path data;
  bool json = false;
};

absl::StatusOr<Asked> ParseArguments(const std::vector<std::string>& arguments) {
  Asked asked;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--fsck") continue;
    if (arguments[i] == "--json") {
      asked.json = true;
    } else if (arguments[i] == "--data" && i + 1 < arguments.size()) {
      asked.data = arguments[++i];
    } else {
      return FieldError("fsck", Quoted(arguments[i]), "--fsck [--json] --data FOLDER");
    }
  }
  if (asked.data.empty()) return FieldError("data", "none", "--data FOLDER");
  return asked;
}

absl::StatusOr<FolderReport> Look(const Asked& asked, const CheckFolder& check) {
  ASSIGN_OR_RETURN(FolderReport report, check(asked.data));
  report.open_to_others = OpenToOthers(asked.data);
  return report;
}

}  // namespace

bool AsksForFsck(int argc, char** argv) {
  return std::any_of(argv + 1, argv + argc,
                     [](const char* argument) { return std::string(argument) == "--fsck"; });
}

int RunFsck(int argc, char** argv, const CheckFolder& check) {
  const auto fail = [](const absl::Status& status) {
    std::cerr << "error: " << Diagnosed(status) << "\n";
    return kCannotLook;
  };
  const auto asked = ParseArguments({argv + 1, argv + argc});
  if (!asked.ok()) return fail(asked.status());
  const auto report = Look(*asked, check);
  if (!report.ok()) return fail(report.status());
  std::cout << (asked->json ? absl::StrCat(ToJson(*report).dump(), "\n") : ToText(*report));
  return report->Clean() ? 0 : kUnclean;
}

}  // namespace imprint
