// Parses what a run is asked to draw, a chunk of an image set, into the engine's requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <imprint/v1/sampler.pb.h>

#include "engine/model/base_model.h"
#include "engine/sampling/picture_request.h"
#include "formats/learned_embedding.h"
#include "imaging/picture_format.h"
#include "orders/precision.h"
#include "services/node/run_id.h"

namespace imprint::sampler {

// The most pictures in one chunk.
inline constexpr int kMaxChunkItems = 10'000;

struct OrderedPicture {
  // What it is drawn from, as the registry records it; without its spare seeds.
  v1::ItemRequest item;
  // The same for the engine; sizes may still be the model's own.
  PictureRequest request;
  // For the tries after the first, if the safety checker blocks it.
  std::vector<uint64_t> spare_seeds;
};

// A checked request. Whether its pictures and embeddings fit the model is checked later, by the
// model.
struct ChunkOrder {
  node::RunId id;
  v1::ModelLocation model;
  v1::Ticket ticket;
  // At least one; no two have the same place in the set.
  std::vector<OrderedPicture> pictures;
  // The places that the pictures' batches have, filled up if need be, so that a picture is the same
  // to the bit whichever chunk it is in; at most so many if they need not be that number.
  int batch_places = 0;
  bool needs_places = false;
  std::vector<LearnedEmbedding> embeddings;
  // Of two chunks, the one with the higher number is drawn first.
  int urgency = v1::JOB_PRIORITY_NORMAL;
  PictureFormat format = PictureFormat::kPng;
  Precision precision = Precision::kFp32;
  std::string trace_id;

  // Returns what picture `i` is drawn from once so many tries were blocked, at most as many as it
  // has spare seeds.
  v1::ItemRequest Item(size_t i, size_t blocked_tries = 0) const;
};

// Returns INVALID_ARGUMENT naming the field, such as items[3].index, settings.solver or
// embeddings[0].
absl::StatusOr<ChunkOrder> ParseChunk(const v1::StartSamplingRequest& request);

// Returns a picture's request with its size: a width of 0 means the model's own, a height of 0 the
// width.
PictureRequest ToPictureRequest(const OrderedPicture& picture, const engine::BaseModelInfo& model);

}  // namespace imprint::sampler
