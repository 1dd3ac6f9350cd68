#include "services/registry/image_sets.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "services/registry/image_set_row.h"
#include "services/registry/lineage.h"
#include "services/registry/read_page.h"
#include "services/registry/resource_row.h"
#include "services/registry/tickets.h"

namespace imprint::registry {

absl::StatusOr<v1::ImageSet> ImageSets::Create(const v1::CreateImageSetRequest& request) {
  const std::string& job = request.job();
  const v1::ImageSetSpec& spec = request.spec();
  RETURN_IF_ERROR(ParseResourceName("job", job, "jobs/*").status());
  std::string id = NewResourceId();
  if (!spec.image_set().empty()) {
    ASSIGN_OR_RETURN(id, ParseResourceId("spec.image_set", spec.image_set(), "imageSets"));
  }
  const int64_t total = request.items_total() > 0
                            ? request.items_total()
                            : int64_t{spec.prompts_size()} * spec.seeds_size();
  if (total < 1) return FieldError("spec.prompts", "none", "a prompt and a seed at least");
  const auto model = models_.Get(spec.base_model());
  if (!model.ok()) return InContext("spec.base_model", model.status());
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::ImageSet> {
    const std::string tenant = kTenant;
    auto row = FindImageSetOfJob(sql, job);
    if (row.ok()) return Full(*std::move(row));
    // The gateway revokes before it closes the set. A request that was under way meanwhile would
    // leave a set that nobody closes.
    if (IsRevoked(sql, job)) {
      return absl::FailedPreconditionError(absl::StrCat("job: ", job, " was ended"));
    }
    v1::ImageSet body;
    body.set_name(absl::StrCat("imageSets/", id));
    body.set_title(spec.title());
    body.set_job(job);
    *body.mutable_spec() = spec;
    *body.mutable_labels() = request.labels();
    body.set_base_model_fingerprint(model->fingerprint());
    *body.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
    ASSIGN_OR_RETURN(const std::string text, ToJsonText(body));
    const int state = v1::IMAGE_SET_STATE_OPEN;
    sql << "insert into image_sets (tenant, id, job, state, items_total, body)"
           " values (:t, :id, :j, :s, :n, :b)",
        soci::use(tenant), soci::use(id), soci::use(job), soci::use(state), soci::use(total),
        soci::use(text);
    ASSIGN_OR_RETURN(ImageSetRow stored, FindImageSet(sql, id));
    RETURN_IF_ERROR(NoteEmbeddings(sql, stored.number, spec));
    return Full(std::move(stored));
  });
}

absl::StatusOr<v1::ImageSet> ImageSets::Close(const std::string& name, v1::ImageSetState state) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "imageSets"));
  if (state != v1::IMAGE_SET_STATE_COMPLETE && state != v1::IMAGE_SET_STATE_PARTIAL) {
    return FieldError("state", v1::ImageSetState_Name(state),
                      "IMAGE_SET_STATE_COMPLETE or IMAGE_SET_STATE_PARTIAL");
  }
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::ImageSet> {
    ASSIGN_OR_RETURN(ImageSetRow row, FindImageSet(sql, id));
    // A set that is closed already stays as it is: whoever takes over from a gateway that died
    // closes it again.
    if (row.state == v1::IMAGE_SET_STATE_OPEN) {
      if (state == v1::IMAGE_SET_STATE_COMPLETE && row.done < row.total) {
        return absl::FailedPreconditionError(
            absl::StrCat("state: ", name, " has ", row.done, " of ", row.total, " items"));
      }
      row.state = state;
      ++row.version;
      sql << "update image_sets set state = :s, version = :v where number = :n",
          soci::use(row.state), soci::use(row.version), soci::use(row.number);
    }
    return Full(std::move(row));
  });
}

absl::StatusOr<v1::ImageSet> ImageSets::Get(const std::string& name) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "imageSets"));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<v1::ImageSet> {
    ASSIGN_OR_RETURN(ImageSetRow row, FindImageSet(sql, id));
    return Full(std::move(row));
  });
}

absl::StatusOr<std::vector<v1::ImageSet>> ImageSets::List(const Page& page, std::string& next) {
  ASSIGN_OR_RETURN(const int64_t before, NumberAfter(page, INT64_MAX));
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::vector<v1::ImageSet>> {
    const std::string tenant = kTenant;
    const int limit = page.rows();
    ImageSetRow row;
    ListedRow<int64_t> listed;
    soci::statement rows =
        (sql.prepare << "select number, body, state, items_total, items_done, items_blocked,"
                        " version from image_sets where tenant = :t and number < :before"
                        " order by number desc limit :limit",
         soci::use(tenant), soci::use(before), soci::use(limit), soci::into(listed.key),
         soci::into(listed.body), soci::into(row.state), soci::into(row.total),
         soci::into(row.done), soci::into(row.blocked), soci::into(row.version));
    return ReadPage<v1::ImageSet>(rows, listed, page, next, [&]() -> absl::StatusOr<v1::ImageSet> {
      ASSIGN_OR_RETURN(row.body, FromJsonText<v1::ImageSet>(listed.body));
      return Full(row);
    });
  });
}

absl::Status ImageSets::Delete(const std::string& name, const std::string& etag) {
  ASSIGN_OR_RETURN(const std::string id, ParseResourceId("name", name, "imageSets"));
  const auto remove = [&](soci::session& sql) -> absl::StatusOr<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const ImageSetRow row, FindImageSet(sql, id));
    RETURN_IF_ERROR(CheckEtag(etag, row.version));
    if (row.state == v1::IMAGE_SET_STATE_OPEN) {
      return absl::FailedPreconditionError(
          absl::StrCat("name: ", name, " is being drawn; cancel its job first"));
    }
    std::vector<std::string> files =
        BlobsOf(sql, "items where sha256 <> '' and image_set = :n", row.number);
    sql << "delete from items where image_set = :n", soci::use(row.number);
    sql << "delete from image_set_embeddings where image_set = :n", soci::use(row.number);
    sql << "delete from image_sets where number = :n", soci::use(row.number);
    return files;
  };
  ASSIGN_OR_RETURN(const auto files, database_.Write(remove));
  // Other sets may have the same files, so only those that no record names any more go.
  blobs_.RemoveUnnamed(files);
  return absl::OkStatus();
}

}  // namespace imprint::registry
