#include "services/registry/item_row.h"

#include "absl/strings/str_cat.h"

#include "base/status_macros.h"
#include "rpc/proto_json.h"
#include "services/registry/resource_row.h"
#include "storage/database.h"

namespace imprint::registry {
namespace {

absl::StatusOr<std::optional<v1::Item>> Parsed(const soci::session& sql, const std::string& body) {
  if (!sql.got_data()) return std::nullopt;
  ASSIGN_OR_RETURN(v1::Item item, FromJsonText<v1::Item>(body));
  return item;
}

}  // namespace

absl::StatusOr<std::optional<v1::Item>> FindItem(soci::session& sql, int64_t set, int64_t index) {
  std::string body;
  sql << "select body from items where image_set = :s and item_index = :i", soci::use(set),
      soci::use(index), soci::into(body);
  return Parsed(sql, body);
}

absl::StatusOr<std::optional<v1::Item>> FindItem(soci::session& sql, int64_t set,
                                                 const std::string& key) {
  std::string body;
  sql << "select body from items where image_set = :s and item_key = :k and item_key <> ''",
      soci::use(set), soci::use(key), soci::into(body);
  return Parsed(sql, body);
}

absl::Status AddItem(soci::session& sql, const ImageSetBrief& set, v1::Item& item) {
  if (set.state != v1::IMAGE_SET_STATE_OPEN) {
    return absl::FailedPreconditionError(absl::StrCat("token: imageSets/", set.id, " is closed"));
  }
  const int64_t index = item.request().index();
  const std::string& key = item.request().key();
  item.set_name(absl::StrCat("imageSets/", set.id, "/items/", index));
  *item.mutable_create_time() = FromMicros(DatabaseNowMicros(sql));
  ASSIGN_OR_RETURN(const std::string body, ToJsonText(item));
  const int blocked = item.safety().blocked() ? 1 : 0;
  sql << "insert into items (image_set, item_index, item_key, sha256, body)"
         " values (:s, :i, :k, :h, :b)",
      soci::use(set.number), soci::use(index), soci::use(key), soci::use(item.sha256()),
      soci::use(body);
  sql << "update image_sets set items_done = items_done + 1,"
         " items_blocked = items_blocked + :b, version = version + 1 where number = :n",
      soci::use(blocked), soci::use(set.number);
  return absl::OkStatus();
}

}  // namespace imprint::registry
