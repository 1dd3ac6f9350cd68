// A plan: what a set of pictures is to show, said once. plan_file.h reads one, expansion.h makes
// its pictures. Plain values; a plan that ReadPlan returned keeps what is promised here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "orders/field_table.h"
#include "orders/picture_request.h"
#include "orders/set_limits.h"
#include "sets/text_template.h"

namespace imprint::sets {

// The most that a plan may ask for, beside what every set may have.
inline constexpr size_t kMostAxes = 16;
inline constexpr size_t kMostAxisValues = 10'000;
inline constexpr size_t kMostLanguages = 32;
// Of all exclusions and quotas, each of which is held against each cell.
inline constexpr size_t kMostChoices = 500;
inline constexpr int64_t kMostCells = 2'000'000;
inline constexpr int kMostPicturesOfCell = 10'000;
inline constexpr int kMostWeight = 1'000;
inline constexpr int kMostRetries = 10;

// How pictures are drawn: those fields whose rows are in `given`; the others say nothing.
struct GivenSettings {
  PictureRequest values;
  std::vector<const Field<PictureRequest>*> given;
};

// One of the things that an axis may be.
struct AxisValue {
  // Letters, digits, "-" and "_"; no two of an axis are alike.
  std::string name;
  // What stands in the prompt for it.
  std::string text;
  // What stands in the alternative text for it, by language.
  std::map<std::string, std::string> alt_text;
  // How many times as many pictures as the others it gets.
  int weight = 1;
  // These go before the plan's. What is kept out is added to what others keep out; of the other
  // settings, no two axes give the same.
  GivenSettings settings;
};

// Something in which the pictures differ: place, level, character.
struct Axis {
  std::string name;
  std::vector<AxisValue> values;
  // Whether pictures that differ only in it have the same seed.
  bool same_seed = false;
};

// Some of an axis' values.
struct AxisChoice {
  size_t axis = 0;
  // Whether each is chosen.
  std::vector<bool> values;

  bool operator==(const AxisChoice&) const = default;
};

// The cells that have one of the values of each choice.
using Selection = std::vector<AxisChoice>;

// A share that some pictures must have.
struct Quota {
  // How people see it: "character=mia, where place=classroom".
  std::string name;
  // The pictures that are counted: those in any of the selections.
  std::vector<Selection> of;
  // Out of which; empty is the whole set.
  std::vector<Selection> where;
  // Shares, 0 to 1.
  double at_least = 0;
  double at_most = 1;
  // Where the file says so: "plan.yaml:12:5".
  std::string place;
};

struct Plan {
  // The file that it was read from.
  std::string origin;
  std::string title;
  // baseModels/{base_model}; empty is up to whoever draws.
  std::string base_model;
  std::vector<std::string> embeddings;
  // From which all seeds come.
  uint64_t seed = 0;
  // Pictures of a cell whose values have no weight.
  int count = 1;
  // How often a picture that the safety checker blocks is drawn again, each time with another seed.
  int retries = 0;
  TextTemplate prompt;
  // By language, such as "en" or "pt-BR".
  std::map<std::string, TextTemplate> alt_text;
  GivenSettings settings;
  // At least one; each has values.
  std::vector<Axis> axes;
  // Cells of which there is to be no picture.
  std::vector<Selection> exclusions;
  std::vector<Quota> quotas;
  // Where the file says what the pictures differ in, which are left out, and the prompt.
  std::string axes_place;
  std::string exclusions_place;
  std::string prompt_place;
  std::string negative_prompt_place;
  std::map<std::string, std::string> alt_text_places;
};

// Returns whether a cell is in any of the selections. `cell` has the number of a value for each
// axis.
bool IsIn(const std::vector<Selection>& selections, const std::vector<size_t>& cell);

}  // namespace imprint::sets
