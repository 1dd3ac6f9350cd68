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
#include "absl/strings/string_view.h"

#include "orders/picture_request.h"
#include "sets/plan.h"

namespace imprint::sets {

// A picture of a set.
struct Item {
  // What it is called for ever: its value on each axis, the axes in alphabetical order, and which
  // of its cell's pictures it is, from 1: "level=simple/place=river/2". No two items of a plan have
  // the same.
  std::string key;
  // The number of its value on each axis.
  std::vector<size_t> cell;
  // With prompt, seed and the settings of its values.
  PictureRequest request;
  // As many as the plan has retries, in the order in which they are to be tried.
  std::vector<uint64_t> spare_seeds;
  // By language.
  std::map<std::string, std::string> alt_text;
};

// Immutable and thread-safe. Takes memory for the plan, and 16 bytes per 64 cells, however many
// pictures there are.
//
// A picture depends on nothing but its key, its values' entries and what the plan says of all: a
// plan that is given more values, weights or pictures of a cell has the pictures that it had, with
// the same keys, prompts and seeds. Their order, in which the last axis changes first, is not kept.
//
// A seed is the first 53 bits, which every reader of JSON keeps, of the SHA-256 of the plan's seed
// and the picture's key; axes with the same seed are left out. Its spare seeds are those of the
// text with "/retry/1" and so on after it.
class Expansion {
 public:
  // INVALID_ARGUMENT naming the place in the plan's file and the field if there are more cells or
  // pictures than allowed, if none is left, or if a prompt or an alternative text is empty or has
  // more than kMaxPromptBytes.
  static absl::StatusOr<Expansion> Make(std::shared_ptr<const Plan> plan);

  const Plan& plan() const { return *plan_; }

  // Returns how many pictures there are; at least 1.
  int64_t size() const { return size_; }

  // Returns a picture; `index` is less than size().
  Item At(int64_t index) const;

  // Calls `visit` with each cell, in order, and how many pictures it has: 0 if it is excluded.
  void ForEachCell(
      const std::function<void(const std::vector<size_t>& cell, int64_t pictures)>& visit) const;

  // Calls `visit` with each combination of values of the chosen axes that any picture has, until it
  // returns false: with the first such cell, and how many pictures have the combination.
  void ForEachCombination(
      const std::vector<bool>& axes,
      const std::function<bool(const std::vector<size_t>& cell, int64_t pictures)>& visit) const;

  // Returns which axes have values that are drawn in a way of their own, and which make another
  // prompt or negative prompt, or another way to read them.
  std::vector<bool> AxesOfSettings() const;
  std::vector<bool> AxesOfPrompts() const;

  // Returns the key of a cell's picture, which is counted from 1.
  std::string KeyOf(const std::vector<size_t>& cell, int64_t number) const;
  // Returns how a cell's pictures are drawn, without their seeds.
  PictureRequest RequestOf(const std::vector<size_t>& cell) const;
  // Returns which options the values of a cell give.
  std::vector<const Field<PictureRequest>*> GivenBy(const std::vector<size_t>& cell) const;

 private:
  explicit Expansion(std::shared_ptr<const Plan> plan);

  std::vector<size_t> CellAt(int64_t number) const;
  // Makes it the cell after this one; the first one after the last.
  void Advance(std::vector<size_t>& cell) const;
  int64_t PicturesOf(const std::vector<size_t>& cell, int64_t number) const;

  // Returns "place=river/level=simple/", of all axes or of those alone that change the seed.
  std::string PathOf(const std::vector<size_t>& cell, bool all) const;

  std::shared_ptr<const Plan> plan_;
  // The axes' numbers in the order of their names. A plan that was saved anew by a program may have
  // its axes in another order.
  std::vector<size_t> by_name_;
  int64_t cells_ = 1;
  int64_t size_ = 0;
  // By the cells' numbers.
  std::vector<bool> excluded_;
  // How many pictures stand before each block of cells.
  std::vector<int64_t> before_block_;
};

}  // namespace imprint::sets
