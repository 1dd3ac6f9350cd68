// What was drawn of a plan: how much of each value and quota, what is missing, what was blocked,
// and which pictures look alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "imaging/picture_likeness.h"
#include "sets/coverage.h"
#include "sets/expansion.h"

namespace imprint::sets {

// A try that the safety checker blocked.
struct ReportedTry {
  uint64_t seed = 0;
  // How far above its thresholds the checker saw it; above 0 blocks.
  std::vector<double> scores;

  // Returns the highest score; 0 if there is none.
  double worst() const;
};

// A picture that was drawn, or blocked.
struct ReportedPicture {
  int64_t index = 0;  // in the plan's expansion
  std::string prompt;
  uint64_t seed = 0;
  // The name of its file, beside the report; empty if it was blocked.
  std::string file;
  std::string sha256;
  // As of a try.
  std::vector<double> scores;
  // Those before it.
  std::vector<ReportedTry> blocked_tries;
  // Not set if it was blocked.
  std::optional<PictureLikeness> likeness;

  bool is_blocked() const { return file.empty(); }
};

// Where the pictures come from.
struct SetSource {
  std::string title;
  std::string image_set;
  std::string base_model;
  std::string fingerprint;
  std::vector<std::string> embeddings;
};

struct PictureCounts {
  int64_t planned = 0;
  int64_t drawn = 0;
  int64_t blocked = 0;

  int64_t missing() const { return planned - drawn - blocked; }
};

// A quota, held against the plan and against what was drawn.
struct QuotaOutcome {
  QuotaCount planned;
  QuotaCount drawn;
  bool is_met = false;  // by what was drawn
};

// Two pictures that look alike, by their places in SetReport::pictures.
struct NearDuplicate {
  size_t first = 0;
  size_t second = 0;
  PictureDifference difference;
};

struct SetReport {
  SetSource source;
  std::shared_ptr<const Expansion> plan;
  // In the order of the expansion, each with the item that it is.
  std::vector<std::pair<ReportedPicture, Item>> pictures;
  PictureCounts all;
  std::vector<std::vector<PictureCounts>> of_values;
  // In the plan's order.
  std::vector<QuotaOutcome> quotas;
  // The closest first; at most kMostNearDuplicates.
  std::vector<NearDuplicate> near_duplicates;
  // Keys of pictures that are not there; the first kMostMissing.
  std::vector<std::string> missing;
};

inline constexpr size_t kMostNearDuplicates = 200;
inline constexpr size_t kMostMissing = 1000;
// Beyond that pictures are not compared with each other.
inline constexpr size_t kMostCompared = 10'000;

// Counts. Pictures whose index the plan does not have are left out.
SetReport MakeReport(std::shared_ptr<const Expansion> plan, SetSource source,
                     std::vector<ReportedPicture> pictures);

}  // namespace imprint::sets
