// What a drawing is asked for. Needs no LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "base/rgb_image.h"
#include "orders/picture_request.h"

namespace imprint::engine {

// Callbacks by which the caller follows and controls a drawing. Called on the drawing thread.
struct DrawHooks {
  // Reports that its first picture begins: until then it waits for places.
  std::function<void()> on_begin;
  // Reports the solver steps done and the total, over all pictures of the drawing.
  std::function<void(int64_t done, int64_t total)> on_step;
  // Reports progress where nothing else is called for long: large pictures take minutes to encode
  // and decode.
  std::function<void()> on_work;
  // Reports what does not keep it from drawing; from Sampler::Draw alone. A SharedBatch has
  // TakeWarning, as its warnings are no drawing's own.
  std::function<void(const std::string& warning)> on_warning;
  // Delivers a finished picture and its request's index, in the order in which pictures finish. An
  // error ends the drawing.
  std::function<absl::Status(size_t index, RgbImage picture)> on_picture;
  // Checked between steps; drawing then ends with CANCELLED.
  std::stop_token stop;
  // Once requested, no further picture is begun; drawing ends with CANCELLED when those that were
  // begun are finished, unless these were all.
  std::stop_token wind_down;
};

struct DrawingOrder {
  std::vector<PictureRequest> requests;
  DrawHooks hooks;
  // The places of every batch that its pictures step in, at most what the batch has: kernels round
  // differently for other shapes, so that in batches of a fixed one a picture is the same, bit for
  // bit, whoever is beside it. Free places cost as much as taken ones. 0 means batches as large as
  // the pictures in them need.
  int fixed_batch = 0;
  // Numbers that decide each request's place in batches of a fixed size, where places matter: its
  // position in its set; empty means 0, 1, 2 and so on.
  std::vector<int64_t> positions;
  // Of two drawings, the one with the higher number steps first.
  int urgency = 0;
};

}  // namespace imprint::engine
