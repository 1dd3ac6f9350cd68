// For tests: trainings of the demo model.
#pragma once

#include <string>
#include <vector>

#include <imprint/v1/rank.pb.h>

#include "base/rgb_image.h"
#include "engine/model/base_model.h"

namespace imprint::rank {

inline const std::string& DemoFolder() {
  static const std::string folder = IMPRINT_SOURCE_DIR "/models/demo";
  return folder;
}

inline const engine::BaseModel& DemoModel() {
  static const auto model = *engine::BaseModel::Load(DemoFolder());
  return *model;
}

// Pictures that the model can be taught from.
inline std::vector<RgbImage> PlainPictures() {
  const int side = DemoModel().info().picture_size;
  return {RgbImage::Blank(side, side), RgbImage::Blank(side, side)};
}

// A request to train for some steps, with the pictures that the registry has under "ticket".
inline v1::TrainRequest DemoRequest(int steps, const std::string& registry) {
  v1::TrainRequest request;
  v1::TrainingSpec& spec = *request.mutable_spec();
  spec.set_token("<pip>");
  spec.set_class_word("mascot");
  spec.mutable_recipe()->set_steps(steps);
  spec.mutable_recipe()->set_batch(1);
  spec.set_checkpoint_every(2);
  request.mutable_model()->set_folder(DemoFolder());
  request.mutable_model()->set_fingerprint(DemoModel().info().fingerprint);
  request.mutable_ticket()->set_registry(registry);
  request.mutable_ticket()->set_token("ticket");
  return request;
}

// The same, of a rank of a gang of two.
inline v1::TrainRequest DemoRequestOfGang(int rank, int steps, const std::string& registry) {
  v1::TrainRequest request = DemoRequest(steps, registry);
  request.mutable_spec()->mutable_recipe()->set_batch(2);
  request.mutable_run()->set_rank(rank);
  request.mutable_gang()->set_size(2);
  request.mutable_gang()->set_token("attempt");
  request.mutable_gang()->set_own_host("127.0.0.1");
  request.mutable_gang()->set_patience_seconds(60);
  return request;
}

}  // namespace imprint::rank
