// Which pictures can share a step, and the places that they take in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/picture_size.h"
#include "engine/model/base_model.h"
#include "engine/sampling/picture_slot.h"

namespace imprint::engine {

// What pictures that step together have in common.
struct BatchShape {
  const BaseModel* model = nullptr;
  PictureSize size;
  size_t context_chunks = 0;  // chunks of the longer prompt
  // In a batch of a fixed size: its places, and the prompts that each of them has. Zero in a batch
  // that is as large as the pictures in it need.
  size_t places = 0;
  int64_t prompts = 0;
  bool on_gpu = false;

  bool is_fixed() const { return places > 0; }
  // Whether a picture always has the same place in such a batch, by its position in its set. On
  // GPUs kernels round differently at another place; on processors they do not.
  bool picks_places() const { return is_fixed() && on_gpu; }
  bool operator==(const BatchShape&) const = default;
};

// The places of one step, and who has them. The pictures must outlive it.
class BatchPlaces {
 public:
  // `most` is how many pictures of that size may step together, at least 1.
  BatchPlaces(const BatchShape& shape, size_t most)
      : shape_(shape), room_(shape.is_fixed() ? shape.places : most) {
    if (shape.is_fixed()) places_.resize(room_);
  }

  const BatchShape& shape() const { return shape_; }
  size_t room() const { return room_; }
  size_t taken() const { return taken_; }

  // Returns whether a picture finds a place.
  bool HasPlaceFor(int64_t position) const {
    return shape_.picks_places() ? places_[Own(position)] == nullptr : taken_ < room_;
  }

  // Gives it that place, which must be free.
  void Take(int64_t position, PictureSlot* slot) {
    if (!shape_.is_fixed()) places_.push_back(nullptr);
    (shape_.picks_places() ? places_[Own(position)]
                           : *std::find(places_.begin(), places_.end(), nullptr)) = slot;
    last_ = slot;
    ++taken_;
  }

  // Returns what each row of the batch steps, once a place is taken. A free place repeats one of
  // the pictures; nobody looks at its outputs.
  std::vector<PictureSlot*> Rows() const {
    std::vector<PictureSlot*> rows = places_;
    for (PictureSlot*& row : rows) row = row == nullptr ? last_ : row;
    return rows;
  }

  // The picture at row `i`, null if the place is free.
  PictureSlot* at(size_t i) const { return places_[i]; }

 private:
  size_t Own(int64_t position) const { return static_cast<size_t>(position) % places_.size(); }

  BatchShape shape_;
  size_t room_;
  size_t taken_ = 0;
  std::vector<PictureSlot*> places_;
  PictureSlot* last_ = nullptr;
};

}  // namespace imprint::engine
