// Several trainings in one rank: whoever is there, each learns what it learns alone.
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"
#include "formats/learned_embedding.h"
#include "services/rank/rank_fixture.h"

namespace imprint::rank {
namespace {

using ::testing::HasSubstr;

class PackedTrainingsTest : public RankFixture {
 protected:
  PackedTrainingsTest() : RankFixture(PlainPictures(), /*pack=*/2) {}

  v1::TrainRequest Job(const std::string& job, int steps) {
    v1::TrainRequest request = Request(steps);
    request.mutable_run()->set_job("jobs/" + job);
    return request;
  }

  // What `body` does is done while another training runs, and goes on running until then.
  void BesideAnother(const std::function<void()>& body) {
    const v1::TrainRequest other = Job("other", 100'000);
    bool begun = false;
    const Trained trained = Train(other, [&](const v1::RunEvent& event) {
      if (begun || !event.has_progress()) return;
      begun = true;
      body();
      EXPECT_THAT(Stop(v1::STOP_MODE_ABANDON, other.run()), Succeeds());
    });
    EXPECT_TRUE(trained.last().has_stopped()) << trained.last().ShortDebugString();
  }

  static LearnedEmbedding EmbeddingOf(const Trained& trained) {
    return *ParseLearnedEmbedding(trained.last().training_result().embedding(), "embedding");
  }
};

TEST_F(PackedTrainingsTest, OneLearnsWithAnotherWhatItLearnsAlone) {
  const Trained alone = Train(Job("a", 4));
  EXPECT_EQ(alone.last().training_result().report().packed_samples(), 0);
  BesideAnother([&] {
    const Trained packed = Train(Job("a", 4));
    ASSERT_TRUE(packed.last().has_training_result()) << packed.last().ShortDebugString();
    EXPECT_TRUE(packed.events.front().started().warm());
    EXPECT_EQ(packed.last().training_result().report().packed_samples(), 4);
    const auto ours = EmbeddingOf(packed).values;
    const auto wanted = EmbeddingOf(alone).values;
    ASSERT_EQ(ours.size(), wanted.size());
    for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], wanted[i], 1e-5);
  });
}

TEST_F(PackedTrainingsTest, AnExactOneHasTheBitsThatItHasAlone) {
  v1::TrainRequest request = Job("a", 4);
  const std::string alone = Train(request).last().training_result().embedding();
  request.mutable_spec()->set_exact(true);
  BesideAnother([&] {
    const Trained packed = Train(request);
    EXPECT_EQ(packed.last().training_result().embedding(), alone);
    EXPECT_EQ(packed.last().training_result().report().packed_samples(), 0);
  });
}

TEST_F(PackedTrainingsTest, OneIsStoppedAndGoesOnLater) {
  v1::TrainRequest request = Job("a", 100'000);
  request.mutable_spec()->set_checkpoint_every(100'000);
  BesideAnother([&] {
    int64_t kept = 0;
    const Trained stopped = Train(request, [&](const v1::RunEvent& event) {
      if (event.has_started()) {
        EXPECT_THAT(Stop(v1::STOP_MODE_CHECKPOINT, request.run()), Succeeds());
      }
      if (event.has_checkpoint()) kept = event.checkpoint().step();
    });
    EXPECT_TRUE(stopped.last().has_stopped());
    EXPECT_LT(kept, 100'000);
  });
}

TEST_F(PackedTrainingsTest, OneThatFailsHarmsNoOther) {
  BesideAnother([&] {
    v1::TrainRequest wrong = Job("a", 4);
    wrong.mutable_spec()->set_class_word(" ");
    EXPECT_THAT(Train(wrong).last().failure().message(), HasSubstr("class_word"));
    wrong = Job("b", 4);
    wrong.set_checkpoint("no checkpoint");
    EXPECT_THAT(Train(wrong).last().failure().message(), HasSubstr("checkpoint"));
    EXPECT_TRUE(Train(Job("c", 1)).last().has_training_result());
  });
}

TEST_F(PackedTrainingsTest, AnotherModelIsForAnotherRank) {
  BesideAnother([&] {
    v1::TrainRequest request = Job("a", 1);
    request.mutable_model()->set_fingerprint("another");
    v1::Failure failure = Train(request).last().failure();
    EXPECT_THAT(failure.message(), HasSubstr("another base model"));
    EXPECT_TRUE(failure.retryable());
    request = Job("a", 1);
    request.mutable_spec()->set_precision("bf16");
    EXPECT_THAT(Train(request).last().failure().message(), HasSubstr("precision"));
  });
}

TEST_F(PackedTrainingsTest, MoreThanItPacksAreRefused) {
  BesideAnother([&] {
    EXPECT_THAT(Train(Job("other", 1)).status,
                Fails(absl::StatusCode::kResourceExhausted, HasSubstr("this training")));
    const v1::TrainRequest second = Job("second", 100'000);
    Train(second, [&](const v1::RunEvent& event) {
      if (!event.has_started()) return;
      EXPECT_THAT(Train(Job("third", 1)).status,
                  Fails(absl::StatusCode::kResourceExhausted, HasSubstr("2 of 2")));
      EXPECT_THAT(Stop(v1::STOP_MODE_ABANDON, second.run()), Succeeds());
    });
  });
}

}  // namespace
}  // namespace imprint::rank
