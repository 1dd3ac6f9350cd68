// Plans `draw`: from its prompts and seeds to image sets, and from their items to files and places
// on the contact sheet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include <imprint/v1/imageset.pb.h>

namespace imprint::cli {

// An item of an image set and its place in the folder.
struct PlannedItem {
  // What its row on the contact sheet is of, and what tells it from the others there: "seed 3".
  std::string heading;
  std::string caption;
  // Its place among all pictures of the folder, from 1.
  size_t number = 0;
  // The name of its file without the extension: "007-pip-in-the-snow-s3".
  std::string file_stem;
  // Its row on the contact sheet.
  size_t row = 0;
};

// Returns where an item of a set goes. INTERNAL if the set was not asked for it.
using PlaceOf = std::function<absl::StatusOr<PlannedItem>(const v1::ItemRequest&)>;

// One image set: every prompt with every seed, prompt by prompt; items in that order.
struct PlannedSet {
  std::vector<std::string> prompts;
  std::vector<uint64_t> seeds;
  // Drawn with the class word, for comparison.
  bool comparison = false;
  std::vector<PlannedItem> items;
};

// Returns where its items go.
PlaceOf PlacesIn(PlannedSet set);

// Returns the set that is wanted, followed by the one for comparison: the prompts that have one of
// the tokens of `class_words`, with the class word instead and the first two seeds. Files are
// numbered as the sheet shows them: for each prompt, first the pictures for comparison.
std::vector<PlannedSet> PlanSets(const std::vector<std::string>& prompts,
                                 const std::vector<uint64_t>& seeds,
                                 const std::map<std::string, std::string>& class_words);

}  // namespace imprint::cli
