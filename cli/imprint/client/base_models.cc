#include "cli/imprint/client/base_models.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/imprint/client/listing.h"
#include "cli/imprint/client/resource_options.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "base/text_file.h"

namespace imprint::cli {
namespace {

constexpr absl::string_view kDefault = "baseModels/default";
// Registering hashes the weights, which may be many gigabytes on a slow disk.
constexpr absl::Duration kRegisterTimeout = absl::Minutes(30);
constexpr int kMaxReadmeLines = 200;

}  // namespace

absl::StatusOr<v1::BaseModel> ChooseModel(const std::vector<v1::BaseModel>& models,
                                          const std::string& given) {
  std::string wanted(kDefault);
  if (!given.empty()) {
    ASSIGN_OR_RETURN(wanted, ModelName(given));
  } else if (models.size() == 1) {
    return models.front();
  }
  for (const v1::BaseModel& model : models) {
    if (model.name() == wanted) return model;
  }
  if (models.empty()) {
    return absl::FailedPreconditionError(
        "model: no base model is registered; add one with imprint models add default FOLDER "
        "--licence TEXT");
  }
  std::vector<absl::string_view> ids;
  ids.reserve(models.size());
  for (const v1::BaseModel& model : models) ids.push_back(ShortName(model.name()));
  return FieldError("model", given.empty() ? "none" : Quoted(given),
                    absl::StrCat("one of ", absl::StrJoin(ids, ", ")));
}

absl::StatusOr<std::vector<v1::BaseModel>> ListModels(Gateway& gateway) {
  std::vector<v1::BaseModel> models;
  RETURN_IF_ERROR(ForEachPage<>(
      gateway, &RegistryCalls::ListBaseModels, v1::ListBaseModelsRequest(),
      std::function<bool(const v1::ListBaseModelsResponse&)>([&](const auto& page) {
        models.insert(models.end(), page.base_models().begin(), page.base_models().end());
        return true;
      })));
  return models;
}

absl::StatusOr<v1::BaseModel> RegisterModel(Gateway& gateway, const NewModel& model) {
  v1::CreateBaseModelRequest request;
  request.set_base_model_id(model.id);
  request.set_folder(FolderForRegistry(model.folder));
  request.set_licence(model.licence);
  return gateway.Call(&RegistryCalls::CreateBaseModel, request, kRegisterTimeout);
}

std::string FolderForRegistry(const std::string& given) {
  const std::filesystem::path folder(given);
  std::error_code error;
  if (folder.is_relative() && !std::filesystem::exists(folder, error)) return given;
  const std::filesystem::path absolute = std::filesystem::absolute(folder, error);
  return error ? given : absolute.lexically_normal().string();
}

std::string LicenceFromReadme(const std::string& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return "";
  std::ifstream readme(std::filesystem::path(folder) / "README.md");
  std::string line;
  if (!std::getline(readme, line) ||
      absl::StripAsciiWhitespace(WithoutByteOrderMark(line)) != "---") {
    return "";
  }
  for (int i = 0; i < kMaxReadmeLines && std::getline(readme, line); ++i) {
    absl::string_view field = absl::StripAsciiWhitespace(line);
    if (field == "---") break;
    if (absl::ConsumePrefix(&field, "license:")) {
      return std::string(absl::StripAsciiWhitespace(field));
    }
  }
  return "";
}

}  // namespace imprint::cli
