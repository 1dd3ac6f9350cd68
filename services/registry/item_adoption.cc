#include "services/registry/item_adoption.h"

#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include <google/protobuf/util/message_differencer.h>

#include "base/check_number.h"
#include "base/field_error.h"
#include "base/resource_name.h"
#include "base/status_macros.h"
#include "services/registry/image_set_row.h"
#include "services/registry/item_row.h"
#include "services/registry/tickets.h"

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
    request->clear_seed();
    request->clear_spare_seeds();
    request->clear_alt_text();
  }
  return google::protobuf::util::MessageDifferencer::Equals(drawn, wanted);
}

}  // namespace

absl::StatusOr<v1::AdoptItemsResponse> ItemAdoption::Adopt(const v1::AdoptItemsRequest& request) {
  RETURN_IF_ERROR(CheckRange("items", request.items_size(), 0, kMostItems));
  return database_.Write([&](soci::session& sql) -> absl::StatusOr<v1::AdoptItemsResponse> {
    ASSIGN_OR_RETURN(const TicketScope scope, Tickets::Check(sql, request.token()));
    RETURN_IF_ERROR(CheckMayDraw(scope));
    ASSIGN_OR_RETURN(const ImageSetRow set, FindImageSet(sql, scope.image_set));
    v1::AdoptItemsResponse response;
    std::optional<ImageSetBrief> earlier;
    if (!set.body.spec().extends().empty()) {
      ASSIGN_OR_RETURN(const std::string id,
                       ParseResourceId("spec.extends", set.body.spec().extends(), "imageSets"));
      auto found = FindImageSetBrief(sql, id);
      if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
      if (found.ok()) earlier = *std::move(found);
    }
    for (int i = 0; i < request.items_size(); ++i) {
      const v1::ItemRequest& wanted = request.items(i);
      const std::string field = absl::StrCat("items[", i, "]");
      RETURN_IF_ERROR(CheckIsOf(scope, wanted.index()));
      RETURN_IF_ERROR(CheckRange(absl::StrCat(field, ".index"), wanted.index(), 0, set.total - 1));
      if (wanted.key().empty()) return FieldError(absl::StrCat(field, ".key"), "none", "a key");
      ASSIGN_OR_RETURN(std::optional<v1::Item> item, FindItem(sql, set.number, wanted.index()));
      if (!item && earlier) {
        ASSIGN_OR_RETURN(item, FindItem(sql, earlier->number, wanted.key()));
        if (item && (item->safety().blocked() || !IsSameDrawing(item->request(), wanted))) {
          item.reset();
        }
        if (item) {
          item->mutable_request()->set_index(wanted.index());
          *item->mutable_request()->mutable_alt_text() = wanted.alt_text();
          RETURN_IF_ERROR(AddItem(sql, set, *item));
        }
      }
      if (item) *response.add_items() = *std::move(item);
    }
    return response;
  });
}

}  // namespace imprint::registry
