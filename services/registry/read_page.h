// The loop of the registry's lists: keyset paging, in which the last key of a page is where the
// next one begins, so that no row is passed over or comes twice while others are added and deleted.
// Private to services/registry.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include <soci/soci.h>

#include "base/status_macros.h"
#include "rpc/page.h"
#include "rpc/proto_json.h"

namespace imprint::registry {

// What a list's query puts here, row by row.
template <typename Key>
struct ListedRow {
  // What the list is in the order of: a number or an id.
  Key key = {};
  // Its size counts for how much goes on a page.
  std::string body;
};

// Reads one page. `rows` is a query of the rows behind page.after, in the list's order and limited
// to page.rows(); it fills `row`, of which `make` gives an absl::StatusOr<Resource>. If there are
// more rows than go on the page, `next` receives the key that the next page begins after.
template <typename Resource, typename Key, typename Make>
absl::StatusOr<std::vector<Resource>> ReadPage(soci::statement& rows, const ListedRow<Key>& row,
                                               const Page& page, std::string& next, Make&& make) {
  std::vector<Resource> resources;
  PageRoom room(page);
  Key last = {};
  rows.execute();
  while (rows.fetch()) {
    if (!room.Take(row.body.size())) {
      next = absl::StrCat(last);
      break;
    }
    ASSIGN_OR_RETURN(resources.emplace_back(), make());
    last = row.key;
  }
  return resources;
}

// Does the same for resources that are stored whole in their row's body.
template <typename Resource, typename Key>
absl::StatusOr<std::vector<Resource>> ReadPage(soci::statement& rows, const ListedRow<Key>& row,
                                               const Page& page, std::string& next) {
  return ReadPage<Resource>(rows, row, page, next,
                            [&row] { return FromJsonText<Resource>(row.body); });
}

}  // namespace imprint::registry
