// Trains several concepts at once: their batches go through the networks as one. Where most of the
// time goes into reading the weights from memory, or into starting kernels, that takes little
// longer than one batch alone. This header needs no LibTorch: services include it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "engine/model/base_model.h"
#include "engine/training/training_input.h"
#include "engine/training/training_run.h"

namespace imprint::engine {

// Whether a training's batches may be computed together with those of others.
enum class Packing {
  // Faster; what is learned is the same but for rounding (1e-5 in fp32).
  kTogether,
  // What is learned has the same bits as in Train, whoever else is there.
  kExact,
};

// A training of a pack. Used by the pack's thread.
class PackedTraining {
 public:
  virtual ~PackedTraining() = default;
  virtual bool ended() const = 0;
  // Returns what Train would have returned, once; call it when the training has ended.
  virtual absl::StatusOr<TrainingOutcome> TakeOutcome() = 0;
};

// All trainings of a pack are of one base model, and each keeps its own recipe, random numbers,
// optimizer, checkpoints and end: the error, the stop or the bad numbers of one change nothing for
// the others. Not thread-safe: everything happens on the thread that calls it, hooks included.
class TrainingPack {
 public:
  // The context has no gang.
  explicit TrainingPack(TrainingContext context);
  ~TrainingPack();
  TrainingPack(const TrainingPack&) = delete;
  TrainingPack& operator=(const TrainingPack&) = delete;

  // Begins a training, which takes the time that its pictures take to be encoded. Errors are those
  // of Train, and FAILED_PRECONDITION if the pack has trainings of another model.
  absl::StatusOr<std::shared_ptr<PackedTraining>> Join(
      std::shared_ptr<const BaseModel> model, const TrainingInput& input,
      const std::optional<TrainingCheckpoint>& from, const TrainingHooks& hooks, Packing packing);

  // Computes the next batch of every training, with those of other trainings of one picture size
  // as far as memory allows: where it does not, batches are halved from then on. A training that
  // ends in this has left the pack when the call returns.
  void Round();

  bool empty() const { return members_.empty(); }
  // Returns, once, why batches became smaller, or are computed without graphs; empty if neither is
  // new.
  std::string TakeWarning() { return std::exchange(warning_, ""); }

 private:
  class Member;
  // What lasts as long as any training does.
  struct Running;
  // A batch that is about to be computed.
  struct Asked;

  static int64_t SamplesOf(std::span<const Asked> group);
  std::vector<Asked> AskAll();
  // Splits what was asked into batches that may be computed at once.
  std::vector<std::vector<Asked>> Group(std::vector<Asked> asked) const;
  void Compute(std::span<Asked> group);
  absl::Status TryCompute(std::span<Asked> group);
  void NoteGraphFailure();
  void DropEnded();

  const TrainingContext context_;
  std::unique_ptr<Running> running_;
  std::vector<std::shared_ptr<Member>> members_;
  std::string warning_;
};

}  // namespace imprint::engine
