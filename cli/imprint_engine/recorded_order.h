// Turns the records of pictures into an order to draw them again.
#pragma once

#include <memory>
#include <span>

#include "absl/status/statusor.h"

#include "base/rgb_image.h"
#include "engine/model/base_model.h"
#include "engine/sampling/drawing_order.h"
#include "orders/recorded_pictures.h"

namespace imprint::cli {

// Returns the order, without hooks, for pictures whose batches have the same number of places.
// `source` is the picture that all of them began from; null if there was none. INVALID_ARGUMENT
// naming the picture's file and the field that does not fit the model.
absl::StatusOr<engine::DrawingOrder> OrderOf(std::span<const RecordedPicture* const> pictures,
                                             const engine::BaseModelInfo& model,
                                             const RgbImage* source);

}  // namespace imprint::cli
