#include "services/rank/training_order.h"

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "base/field_error.h"
#include "base/status_macros.h"
#include "orders/wire/training_wire.h"
#include "services/node/gang_check.h"

namespace imprint::rank {
namespace {

// Until the slowest rank has loaded its model.
constexpr absl::Duration kJoinPatience = absl::Minutes(10);

}  // namespace

absl::StatusOr<TrainingOrder> ParseTrainingSpec(const v1::TrainingSpec& spec) {
  TrainingOrder order;
  ASSIGN_OR_RETURN(order.settings, ParseSettings(spec, "spec."));
  if (!spec.precision().empty()) {
    ASSIGN_OR_RETURN(const auto precision, ParsePrecision("spec.precision", spec.precision()));
    if (!precision) {
      return FieldError("spec.precision", Quoted(spec.precision()), "fp32, bf16 or fp16");
    }
    order.precision = *precision;
  }
  return order;
}

absl::StatusOr<engine::GangPlace> ParseGangPlace(const v1::TrainRequest& request) {
  engine::GangPlace place;
  if (!request.has_gang()) return place;
  const v1::GangPlace& given = request.gang();
  RETURN_IF_ERROR(node::CheckGang(given, request.run().rank()));
  place.rank = request.run().rank();
  place.size = given.size();
  place.token = given.token();
  place.own_host = given.own_host();
  place.host = given.has_door() ? given.door().host() : given.own_host();
  place.port = given.door().port();
  place.join_patience = kJoinPatience;
  if (given.patience_seconds() > 0) place.patience = absl::Seconds(given.patience_seconds());
  return place;
}

}  // namespace imprint::rank
