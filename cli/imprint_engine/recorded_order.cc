#include "cli/imprint_engine/recorded_order.h"

#include <map>
#include <utility>

#include "base/field_error.h"
#include "base/status_macros.h"
#include "engine/sampling/picture_request.h"
#include "imaging/fit.h"

namespace imprint::cli {

absl::StatusOr<engine::DrawingOrder> OrderOf(std::span<const RecordedPicture* const> pictures,
                                             const engine::BaseModelInfo& model,
                                             const RgbImage* source) {
  engine::DrawingOrder order = {.fixed_batch = pictures.front()->batch_places};
  // One for all of a size: it is then encoded once.
  std::map<std::pair<int, int>, std::shared_ptr<const RgbImage>> sources;
  for (const RecordedPicture* picture : pictures) {
    PictureRequest request = picture->request;
    if (request.width == 0) request.width = model.picture_size;
    if (request.height == 0) request.height = request.width;
    RETURN_IF_ERROR(
        InContext(picture->file, engine::CheckSize(model, {request.width, request.height})));
    if (source != nullptr) {
      std::shared_ptr<const RgbImage>& cut = sources[{request.width, request.height}];
      if (cut == nullptr) {
        cut =
            std::make_shared<const RgbImage>(CropAndResize(*source, request.width, request.height));
      }
      request.source = cut;
    }
    RETURN_IF_ERROR(InContext(picture->file, engine::CheckRequest(model, request)));
    order.requests.push_back(std::move(request));
    order.positions.push_back(picture->position);
  }
  return order;
}

}  // namespace imprint::cli
