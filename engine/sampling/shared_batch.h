// Steps the pictures of several drawings together: step-level continuous batching. Needs no
// LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "engine/cuda/device_graph.h"
#include "engine/sampling/drawing_order.h"

namespace imprint::engine {

class CompanyWatch;
class Drawing;
class PromptJoin;
class Sampler;
class UnetEvaluations;

// Pictures join as soon as a place is free and leave when they are finished, whatever their
// drawing, concepts, prompts, solvers, steps or scale of guidance. Those that step together share
// the model, the size and the number of prompt chunks; in a batch of a fixed size also that size,
// and whether they are guided. A picture's noise depends on its own seed alone.
//
// What winds down steps first, then the most urgent drawing and, of those that are equally urgent,
// the oldest; others take the places that it leaves. A picture that finds no place waits where it
// is, in the middle of its steps if need be.
//
// Not thread-safe; one thread adds and steps.
class SharedBatch {
 public:
  // A drawing that has not stepped for so many steps leads one, before those that are more urgent.
  static constexpr int kMostStepsWaited = 15;

  // `places` is how many pictures of the model's own size step together, 1 or more. With `record`,
  // the network is evaluated as a graph that is recorded for each shape.
  explicit SharedBatch(int places, RecordGraph record = nullptr);
  ~SharedBatch();
  SharedBatch(const SharedBatch&) = delete;
  SharedBatch& operator=(const SharedBatch&) = delete;

  // Adds a drawing. INVALID_ARGUMENT naming picture and field of the first request that cannot be
  // drawn; nothing is added then. `on_end` is called once, in a Step, with OK, CANCELLED or the
  // error that ended it, which is the error of no other drawing unless they took part in the
  // step that failed. What is left when the batch is destroyed has no end.
  absl::Status Add(const Sampler& sampler, DrawingOrder order,
                   std::function<void(const absl::Status&)> on_end);

  bool empty() const { return members_.empty(); }

  // Returns, once, why graphs are recorded no longer, if that is so: drawing goes on without.
  std::string TakeWarning();

  struct StepUse {
    size_t places = 0;  // that the step had, or could have had; 0 if there was no step
    size_t taken = 0;
    size_t drawings = 0;  // that took part
  };

  // Takes one step with all pictures that can share it, and delivers those that are finished. Ends
  // drawings that are done or were told to stop.
  StepUse Step();

 private:
  struct Member {
    std::unique_ptr<Drawing> drawing;
    std::function<void(const absl::Status&)> on_end;
    int64_t number;  // in the order in which they were added
    int steps_waited = 0;
  };

  // A drawing, and how many of its pictures take part in a step.
  struct Stepping {
    Drawing* drawing;
    size_t pictures;
  };

  // Ends those that are done or told to stop.
  void EndSome();
  void End(const Drawing& drawing, const absl::Status& status);
  void Sort();
  Drawing& Lead();

  const size_t places_;
  // The one that steps first is at the front, once sorted.
  std::vector<Member> members_;
  int64_t added_ = 0;
  std::unique_ptr<PromptJoin> prompts_;
  std::unique_ptr<UnetEvaluations> evaluations_;
  std::unique_ptr<CompanyWatch> company_;  // while there are drawings
};

}  // namespace imprint::engine
