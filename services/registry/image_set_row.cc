#include "services/registry/image_set_row.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "services/registry/resource_row.h"

namespace imprint::registry {
namespace {

// By one of its two keys.
absl::StatusOr<ImageSetRow> FindImageSetBy(soci::session& sql, const char* key,
                                           const std::string& value) {
  const std::string tenant = kTenant;
  ImageSetRow row;
  std::string body;
  sql << absl::StrCat(
      "select number, id, body, state, items_total, items_done, items_blocked, version"
      " from image_sets where tenant = :t and ",
      key, " = :k"),
      soci::use(tenant), soci::use(value), soci::into(row.number), soci::into(row.id),
      soci::into(body), soci::into(row.state), soci::into(row.total), soci::into(row.done),
      soci::into(row.blocked), soci::into(row.version);
  if (!sql.got_data()) return NoSuch("name", absl::StrCat("imageSets/", value));
  RETURN_IF_ERROR(FromJsonText(body, row.body));
  return row;
}

}  // namespace

absl::StatusOr<ImageSetRow> FindImageSet(soci::session& sql, const std::string& id) {
  return FindImageSetBy(sql, "id", id);
}

absl::StatusOr<ImageSetRow> FindImageSetOfJob(soci::session& sql, const std::string& job) {
  return FindImageSetBy(sql, "job", job);
}

absl::StatusOr<ImageSetBrief> FindImageSetBrief(soci::session& sql, const std::string& id) {
  const std::string tenant = kTenant;
  ImageSetBrief set;
  sql << "select number, id, state, items_total from image_sets where tenant = :t and id = :i",
      soci::use(tenant), soci::use(id), soci::into(set.number), soci::into(set.id),
      soci::into(set.state), soci::into(set.total);
  if (!sql.got_data()) return NoSuch("name", absl::StrCat("imageSets/", id));
  return set;
}

v1::ImageSet Full(ImageSetRow row) {
  row.body.set_state(static_cast<v1::ImageSetState>(row.state));
  row.body.set_items_total(row.total);
  row.body.set_items_done(row.done);
  row.body.set_items_blocked(row.blocked);
  row.body.set_etag(absl::StrCat(row.version));
  return std::move(row.body);
}

}  // namespace imprint::registry
