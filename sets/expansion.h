// The pictures that a plan asks for, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "orders/picture_request.h"
#include "sets/plan.h"

namespace imprint::sets {

// A picture of a set.
struct Item {
  // What it is called for ever: each axis' value, and which of the cell's pictures it is, from 1:
  // "place=river/level=simple/2". Of two items of a plan no two have the same.
  std::string key;
  // The number of its value on each axis.
  std::vector<size_t> cell;
  // With prompt, seed and the settings of its values.
  PictureRequest request;
  // By language.
  std::map<std::string, std::string> alt_text;
};

// Immutable and thread-safe. Takes memory for the plan, and 8 bytes for 64 cells, however many
// pictures there are.
//
// A picture depends on nothing but its key, its values' entries and what the plan says of all: a
// plan that is given more values, weights or pictures of a cell has the pictures that it had, with
// the same keys, prompts and seeds. Their order, the last axis first, is not kept.
//
// A seed is the first 53 bits, which every reader of JSON keeps, of the SHA-256 of the plan's seed
// and the picture's key; axes with the same seed are left out.
class Expansion {
 public:
  // INVALID_ARGUMENT naming the plan's file and field if there are more cells or pictures than
  // allowed, if none is left, or if a prompt is too long.
  static absl::StatusOr<Expansion> Make(std::shared_ptr<const Plan> plan);

  const Plan& plan() const { return *plan_; }

  // Returns how many pictures there are; at least 1.
  int64_t size() const { return size_; }

  // Returns a picture; `index` is less than size().
  Item At(int64_t index) const;

  // Calls `visit` with each cell, in order, and how many pictures it has: 0 if it is excluded.
  void ForEachCell(
      const std::function<void(const std::vector<size_t>& cell, int64_t pictures)>& visit) const;

 private:
  explicit Expansion(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}

  std::vector<size_t> CellAt(int64_t number) const;
  // Makes it the cell after this one; the first one after the last.
  void Advance(std::vector<size_t>& cell) const;
  int64_t PicturesOf(const std::vector<size_t>& cell) const;
  Item ItemOf(std::vector<size_t> cell, int64_t number) const;
  absl::Status CheckPrompt(const std::vector<size_t>& cell) const;

  std::shared_ptr<const Plan> plan_;
  int64_t cells_ = 1;
  int64_t size_ = 0;
  // How many pictures stand before each block of cells.
  std::vector<int64_t> before_block_;
};

}  // namespace imprint::sets
