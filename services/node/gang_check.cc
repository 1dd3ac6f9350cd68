#include "services/node/gang_check.h"

#include "absl/strings/str_cat.h"

#include "base/field_error.h"

namespace imprint::node {
namespace {

constexpr int kMostRanks = 1024;

}  // namespace

absl::Status CheckGang(const v1::GangPlace& gang, int rank) {
  if (gang.size() < 2 || gang.size() > kMostRanks) {
    return FieldError("gang.size", absl::StrCat(gang.size()), absl::StrCat("2 to ", kMostRanks));
  }
  if (rank < 0 || rank >= gang.size()) {
    return FieldError("run.rank", absl::StrCat(rank),
                      absl::StrCat("0 to ", gang.size() - 1, ", below gang.size"));
  }
  if (gang.token().empty()) return FieldError("gang.token", "none", "the attempt's");
  if (gang.own_host().empty()) {
    return FieldError("gang.own_host", "none", "the address that others reach this node at");
  }
  if (gang.has_door() != (rank != 0)) {
    return FieldError("gang.door", gang.has_door() ? "one" : "none",
                      "none for rank 0, rank 0's for others");
  }
  const v1::GangDoor& door = gang.door();
  if (gang.has_door() && door.host().empty()) {
    return FieldError("gang.door.host", "none", "where rank 0 waits");
  }
  if (gang.has_door() && (door.port() < 1 || door.port() > 65535)) {
    return FieldError("gang.door.port", absl::StrCat(door.port()), "1 to 65535");
  }
  return absl::OkStatus();
}

}  // namespace imprint::node
