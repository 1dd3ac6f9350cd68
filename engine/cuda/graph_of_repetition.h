// For tests: a graph that runs its work again at every replay, as one recorded by a GPU would.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "engine/cuda/device_graph.h"

namespace imprint::engine {

class GraphOfRepetition final : public DeviceGraph {
 public:
  explicit GraphOfRepetition(std::function<void()> work) : work_(std::move(work)) {}
  void Replay() override { work_(); }

 private:
  std::function<void()> work_;
};

// Makes such graphs, and counts them in `recorded`.
inline RecordGraph GraphsOfRepetition(int& recorded) {
  return [&recorded](const std::function<void()>& work) {
    ++recorded;
    work();
    return std::make_unique<GraphOfRepetition>(work);
  };
}

}  // namespace imprint::engine
