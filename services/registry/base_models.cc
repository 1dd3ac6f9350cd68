#include "services/registry/base_models.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "engine/identity/model_identity.h"
#include "engine/model_files/model_files.h"
#include "rpc/proto_json.h"
#include "services/registry/read_page.h"
#include "services/registry/resource_row.h"

namespace imprint::registry {
namespace {

constexpr size_t kMaxFolderBytes = 4000;
constexpr size_t kMaxLicenceBytes = 500;

absl::StatusOr<engine::ModelIdentity> Identify(const std::string& folder) {
  auto opened = engine::ModelFiles::Open(folder);
  if (!opened.ok()) return InContext("folder", opened.status());
  auto identity = engine::IdentifyModel(**opened);
  if (!identity.ok()) return InContext("folder", identity.status());
  return identity;
}

}  // namespace

absl::StatusOr<v1::BaseModel> BaseModels::Create(const v1::CreateBaseModelRequest& request) {
  const std::string& id = request.base_model_id();
  RETURN_IF_ERROR(CheckResourceId("base_model_id", id));
  RETURN_IF_ERROR(CheckText("folder", request.folder(), kMaxFolderBytes));
  if (!std::filesystem::path(request.folder()).is_absolute()) {
    return FieldError("folder", Quoted(request.folder()), "an absolute path");
  }
  RETURN_IF_ERROR(CheckText("licence", request.licence(), kMaxLicenceBytes));
  // Before the transaction: hashing gigabytes of weights takes seconds, and there is one writer.
  ASSIGN_OR_RETURN(const engine::ModelIdentity identity, Identify(request.folder()));

  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::BaseModel> {
    v1::BaseModel model;
    const std::string tenant = kTenant;
    std::string body;
    sql << "select body from base_models where tenant = :t and id = :id", soci::use(tenant),
        soci::use(id), soci::into(body);
    if (sql.got_data()) {
      RETURN_IF_ERROR(FromJsonText(body, model));
      if (model.fingerprint() == identity.fingerprint && model.folder() == request.folder()) {
        return model;
      }
      return absl::AlreadyExistsError(
          absl::StrCat("base_model_id: ", model.name(), " is ", model.folder(), " (",
                       model.fingerprint().substr(0, 12), "); choose another id"));
    }
    model.set_name(absl::StrCat("baseModels/", id));
    model.set_fingerprint(identity.fingerprint);
    model.set_text_encoder_identity(identity.text_encoder_identity);
    model.set_folder(request.folder());
    model.set_licence(request.licence());
    model.set_embedding_width(identity.embedding_width);
    model.set_picture_size(identity.picture_size);
    model.set_size_multiple(identity.size_multiple);
    model.set_text_layers(identity.text_layers);
    model.set_has_safety_checker(identity.has_safety_checker);
    model.set_solver(Name(identity.solver));
    *model.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
    model.set_etag("1");
    ASSIGN_OR_RETURN(body, ToJsonText(model));
    sql << "insert into base_models (tenant, id, body) values (:t, :id, :body)", soci::use(tenant),
        soci::use(id), soci::use(body);
    return model;
  });
}

absl::StatusOr<v1::BaseModel> BaseModels::Get(const std::string& name) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "baseModels"));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::BaseModel> {
    const std::string tenant = kTenant;
    std::string body;
    sql << "select body from base_models where tenant = :t and id = :id", soci::use(tenant),
        soci::use(id), soci::into(body);
    if (!sql.got_data()) return NoSuch("name", name);
    return FromJsonText<v1::BaseModel>(body);
  });
}

absl::StatusOr<std::vector<v1::BaseModel>> BaseModels::List(const Page& page, std::string& next) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::BaseModel>> {
    const std::string tenant = kTenant;
    const int limit = page.rows();
    ListedRow<std::string> row;
    soci::statement rows =
        (sql.prepare << "select id, body from base_models where tenant = :t and id > :after"
                        " order by id limit :limit",
         soci::use(tenant), soci::use(page.after), soci::use(limit), soci::into(row.key),
         soci::into(row.body));
    return ReadPage<v1::BaseModel>(rows, row, page, next);
  });
}

absl::Status BaseModels::Delete(const std::string& name, const std::string& etag) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "baseModels"));
  return database_.Write([&](soci::session& sql) -> absl::Status {
    const std::string tenant = kTenant;
    int64_t version = 0;
    sql << "select version from base_models where tenant = :t and id = :id", soci::use(tenant),
        soci::use(id), soci::into(version);
    if (!sql.got_data()) return NoSuch("name", name);
    RETURN_IF_ERROR(CheckEtag(etag, version));
    sql << "delete from base_models where tenant = :t and id = :id", soci::use(tenant),
        soci::use(id);
    return absl::OkStatus();
  });
}

}  // namespace imprint::registry
