#include "cli/imprint_engine/gang_ending.h"

#include <sys/wait.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "base/child_process.h"
#include "engine/collective/gang_error.h"

namespace imprint::cli {
namespace {

// Smaller goes first; what explains nothing comes last.
enum class Fault { kKilled, kOwnError, kSilent, kConsequence, kNone };

Fault FaultOf(const RankEnding& rank) {
  if (!rank.ended) return Fault::kSilent;
  if (WIFSIGNALED(rank.wait_status)) return Fault::kKilled;
  if (rank.wait_status == 0) return Fault::kNone;
  return absl::StartsWith(rank.said, engine::kGangError) ? Fault::kConsequence : Fault::kOwnError;
}

std::string Describe(size_t rank, const RankEnding& ending) {
  if (!ending.ended) return absl::StrCat("rank ", rank, " is silent");
  return absl::StrCat("rank ", rank, " ", DescribeEnding(ending.wait_status),
                      ending.said.empty() ? "" : absl::StrCat(": ", ending.said));
}

}  // namespace

absl::Status ExplainGangError(const absl::Status& error, std::span<const RankEnding> others) {
  Fault worst = Fault::kConsequence;
  std::string why;
  for (size_t i = 0; i < others.size(); ++i) {
    if (FaultOf(others[i]) >= worst) continue;
    worst = FaultOf(others[i]);
    why = Describe(i + 1, others[i]);
  }
  if (why.empty()) return error;
  return absl::Status(error.code(), absl::StrCat(why, " (", error.message(), ")"));
}

}  // namespace imprint::cli
