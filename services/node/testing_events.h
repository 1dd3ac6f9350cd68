// For tests: makes run events in one call.
#pragma once

#include <cstdint>
#include <string>

#include <imprint/v1/node.pb.h>

namespace imprint::node {

inline v1::RunEvent ProgressAt(int64_t step) {
  v1::RunEvent event;
  event.mutable_progress()->set_step(step);
  return event;
}

inline v1::RunEvent CheckpointAt(int64_t step) {
  v1::RunEvent event;
  event.mutable_checkpoint()->set_step(step);
  event.mutable_checkpoint()->set_state("state");
  return event;
}

inline v1::RunEvent Started() {
  v1::RunEvent event;
  event.mutable_started();
  return event;
}

inline v1::RunEvent Picture(int64_t index) {
  v1::RunEvent event;
  event.mutable_picture()->mutable_request()->set_index(index);
  return event;
}

inline v1::RunEvent Result() {
  v1::RunEvent event;
  event.mutable_training_result()->set_embedding("embedding");
  return event;
}

}  // namespace imprint::node
