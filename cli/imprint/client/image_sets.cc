#include "cli/imprint/client/image_sets.h"

#include <functional>

#include "cli/imprint/client/listing.h"

#include "base/status_macros.h"

namespace imprint::cli {

absl::StatusOr<v1::ImageSet> GetImageSet(Gateway& gateway, const std::string& name) {
  v1::GetImageSetRequest request;
  request.set_name(name);
  return gateway.Call(&RegistryCalls::GetImageSet, request);
}

absl::StatusOr<std::vector<v1::Item>> ListItems(Gateway& gateway, const std::string& set) {
  v1::ListItemsRequest request;
  request.set_parent(set);
  std::vector<v1::Item> items;
  RETURN_IF_ERROR(
      ForEachPage(gateway, &RegistryCalls::ListItems, request,
                  std::function<bool(const v1::ListItemsResponse&)>([&](const auto& page) {
                    items.insert(items.end(), page.items().begin(), page.items().end());
                    return true;
                  })));
  return items;
}

}  // namespace imprint::cli
