#include "services/registry/item_adoption.h"

#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include <google/protobuf/util/message_differencer.h>

#include "base/check_number.h"
#include "base/error_notes.h"
#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "services/registry/image_set_row.h"
#include "services/registry/item_row.h"
#include "services/registry/tickets.h"
#include "services/server/log.h"

namespace imprint::registry {
namespace {

constexpr int kMostItems = 1000;

// Whether a picture that was drawn from `drawn` is what `wanted` asks for.
bool IsSameDrawing(v1::ItemRequest drawn, v1::ItemRequest wanted) {
  if (drawn.seed() != wanted.seed() && !absl::c_linear_search(wanted.spare_seeds(), drawn.seed())) {
    return false;
  }
  for (v1::ItemRequest* request : {&drawn, &wanted}) {
    request->clear_index();
    request->clear_position();
    request->clear_redraw_of();
    request->clear_seed();
    request->clear_spare_seeds();
    request->clear_alt_text();
  }
  return google::protobuf::util::MessageDifferencer::Equals(drawn, wanted);
}

// Whether a safety checker saw the picture, and let it pass. One that was drawn without a checker
// is for the samplers of today to look at.
bool HasPassed(const v1::SafetyReport& safety) {
  return !safety.blocked() && !safety.scores().empty();
}

// Returns the earlier set's item as it is in the new one, if it may be taken over. One whose record
// is damaged is drawn again.
std::optional<v1::Item> Taken(soci::session& sql, const ImageSetBrief& earlier,
                              const v1::ItemRequest& wanted) {
  auto found = FindItem(sql, earlier.number, wanted.key());
  if (!found.ok()) {
    LogWarning("an item of the set that is extended cannot be read; it is drawn again",
               {{"set", absl::StrCat("imageSets/", earlier.id)},
                {"key", wanted.key()},
                {"error", Diagnosed(found.status())}});
    return std::nullopt;
  }
  std::optional<v1::Item> item = *std::move(found);
  if (!item || !HasPassed(item->safety()) || !IsSameDrawing(item->request(), wanted)) {
    return std::nullopt;
  }
  v1::ItemRequest& request = *item->mutable_request();
  // Its bits may depend on the place that it had.
  if (!request.has_position()) request.set_position(request.index());
  request.set_index(wanted.index());
  *request.mutable_alt_text() = wanted.alt_text();
  return item;
}

}  // namespace

absl::StatusOr<v1::AdoptItemsResponse> ItemAdoption::Adopt(const v1::AdoptItemsRequest& request) {
  RETURN_IF_ERROR(CheckRange("items", request.items_size(), 0, kMostItems));
  ASSIGN_OR_RETURN(const std::string earlier_id, ExtendedBy(request.token()));
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::AdoptItemsResponse> {
    ASSIGN_OR_RETURN(const TicketScope scope, Tickets::Check(sql, request.token()));
    RETURN_IF_ERROR(CheckMayDraw(scope));
    ASSIGN_OR_RETURN(const ImageSetBrief set, FindImageSetBrief(sql, scope.image_set));
    const auto earlier = FindImageSetBrief(sql, earlier_id);
    if (!earlier.ok() && !absl::IsNotFound(earlier.status())) return earlier.status();
    v1::AdoptItemsResponse response;
    for (int i = 0; i < request.items_size(); ++i) {
      const v1::ItemRequest& wanted = request.items(i);
      const std::string field = absl::StrCat("items[", i, "]");
      RETURN_IF_ERROR(CheckIsOf(scope, wanted.index()));
      RETURN_IF_ERROR(CheckRange(absl::StrCat(field, ".index"), wanted.index(), 0, set.total - 1));
      if (wanted.key().empty()) return FieldError(absl::StrCat(field, ".key"), "none", "a key");
      ASSIGN_OR_RETURN(std::optional<v1::Item> item, FindItem(sql, set.number, wanted.index()));
      if (!item && earlier.ok()) {
        item = Taken(sql, *earlier, wanted);
        if (item) RETURN_IF_ERROR(AddItem(sql, set, *item));
      }
      if (item) *response.add_items() = *std::move(item);
    }
    return response;
  });
}

absl::StatusOr<std::string> ItemAdoption::ExtendedBy(const std::string& token) {
  return database_.Read([&](soci::session& sql) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const TicketScope scope, Tickets::Check(sql, token));
    RETURN_IF_ERROR(CheckMayDraw(scope));
    ASSIGN_OR_RETURN(const ImageSetRow set, FindImageSet(sql, scope.image_set));
    const std::string& extends = set.body.spec().extends();
    if (extends.empty()) return std::string();
    return ParseResourceId("spec.extends", extends, "imageSets");
  });
}

}  // namespace imprint::registry
