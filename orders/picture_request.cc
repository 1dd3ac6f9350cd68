#include "orders/picture_request.h"

namespace imprint {

nlohmann::json ManifestEntry(const PictureRequest& request, const PictureSize& finished) {
  nlohmann::json json = ToJson(kPictureFields, request);
  json["prompt"] = request.prompt;
  json["seed"] = request.seed;
  if (request.source != nullptr) json["strength"] = request.strength;
  json.erase("upscale");
  json.erase("upscale_strength");
  if (request.upscale > 1) {
    json["upscale"] = {{"factor", request.upscale},
                       {"strength", request.upscale_strength},
                       {"width", finished.width},
                       {"height", finished.height}};
  }
  return json;
}

}  // namespace imprint
