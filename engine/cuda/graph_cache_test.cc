#include "engine/cuda/graph_cache.h"

#include <functional>
#include <memory>
#include <stdexcept>

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "engine/cuda/graph_of_repetition.h"

namespace imprint::engine {
namespace {

struct Doubling {
  int of = 0;
  int doubled = 0;
  std::unique_ptr<DeviceGraph> graph;
};

class GraphCacheTest : public ::testing::Test {
 protected:
  // Recording fails as long as `failing_` is set.
  Doubling* Record(int of, bool can_ask_for_less = false) {
    const auto prepare = [&](Doubling& entry) {
      entry.of = of;
      return [&entry] { entry.doubled = 2 * entry.of; };
    };
    return cache_.Record(prepare, can_ask_for_less);
  }
  Doubling* Find(int of) {
    return cache_.Find([&](const Doubling& each) { return each.of == of; });
  }

  static void RunOutOfMemory() {
    throw c10::OutOfMemoryError(c10::SourceLocation{__func__, __FILE__, __LINE__}, "no more");
  }

  std::function<void()> failing_;
  int made_ = 0;
  GraphCache<Doubling> cache_{[this](const std::function<void()>& work) {
    if (failing_) failing_();
    return GraphsOfRepetition(made_)(work);
  }};
};

TEST_F(GraphCacheTest, KeepsThoseThatWereUsedLast) {
  for (int of = 0; of < static_cast<int>(kMostGraphs); ++of) ASSERT_NE(Record(of), nullptr);
  ASSERT_NE(Find(0), nullptr);
  ASSERT_NE(Record(9), nullptr);
  EXPECT_EQ(cache_.kept(), kMostGraphs);
  EXPECT_EQ(Find(1), nullptr) << "the one that was not used for longest";
  Doubling* const found = Find(0);
  ASSERT_NE(found, nullptr);
  found->of = 21;
  found->graph->Replay();
  EXPECT_EQ(found->doubled, 42);
}

TEST_F(GraphCacheTest, WhereMemoryIsShortTheOthersGo) {
  ASSERT_NE(Record(1), nullptr);
  failing_ = [this] {
    failing_ = nullptr;
    RunOutOfMemory();
  };
  EXPECT_NE(Record(2), nullptr);
  EXPECT_EQ(cache_.kept(), 1U);
  EXPECT_EQ(Find(1), nullptr);
  EXPECT_EQ(cache_.failure(), "");
}

TEST_F(GraphCacheTest, WhoCanAskForLessHearsThatMemoryIsShort) {
  ASSERT_NE(Record(1), nullptr);
  failing_ = RunOutOfMemory;
  EXPECT_THROW(Record(2, /*can_ask_for_less=*/true), c10::OutOfMemoryError);
  EXPECT_EQ(cache_.failure(), "");
  failing_ = nullptr;
  EXPECT_NE(Record(2), nullptr) << "it records still";
}

TEST_F(GraphCacheTest, WhatCannotBeRecordedIsSaidAndNoneIsFromThenOn) {
  for (const auto& failing : {std::function<void()>(RunOutOfMemory), std::function<void()>([] {
                                throw std::runtime_error("the driver is too old");
                              })}) {
    GraphCache<Doubling> cache([&](const std::function<void()>&) -> std::unique_ptr<DeviceGraph> {
      failing();
      return nullptr;
    });
    const auto nothing = [](Doubling&) { return [] {}; };
    EXPECT_EQ(cache.Record(nothing), nullptr);
    EXPECT_NE(cache.failure(), "");
    EXPECT_NE(cache.TakeFailure(), "");
    EXPECT_EQ(cache.Record(nothing), nullptr);
    EXPECT_EQ(cache.TakeFailure(), "") << "it was not tried again";
  }
}

}  // namespace
}  // namespace imprint::engine
