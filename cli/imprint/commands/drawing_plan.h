// From `draw`'s prompts and seeds to the image sets that are asked for, and from their items to
// files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace imprint::cli {

// An item of an image set as the folder knows it.
struct PlannedItem {
  std::string prompt;
  uint64_t seed = 0;
  // Its place among all pictures of the folder, from 1.
  size_t number = 0;
  // The file that it goes into, without its ending: "007-pip-in-the-snow-s3".
  std::string file_stem;
  // Its row on the contact sheet.
  size_t row = 0;
};

// One image set: every prompt with every seed, prompt by prompt; items in that order.
struct PlannedSet {
  std::vector<std::string> prompts;
  std::vector<uint64_t> seeds;
  // Drawn with the class word, to compare with.
  bool comparison = false;
  std::vector<PlannedItem> items;
};

// The set that is wanted, and behind it the one for comparison: the prompts that have one of the
// tokens of `class_words`, with the class word instead and the first two seeds. Files are numbered
// as the sheet shows them: of each prompt, first what it is compared with.
std::vector<PlannedSet> PlanSets(const std::vector<std::string>& prompts,
                                 const std::vector<uint64_t>& seeds,
                                 const std::map<std::string, std::string>& class_words);

}  // namespace imprint::cli
