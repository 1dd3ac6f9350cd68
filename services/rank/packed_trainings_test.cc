// Several trainings in one rank: whoever is there, each learns what it learns alone.
#include <functional>
#include <span>
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

  // What one learned is what the other did, but for rounding.
  static void ExpectNear(const Trained& ours, const Trained& wanted) {
    ASSERT_TRUE(ours.last().has_training_result()) << ours.last().ShortDebugString();
    const auto a = EmbeddingOf(ours).values;
    const auto b = EmbeddingOf(wanted).values;
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
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
    ExpectNear(packed, alone);
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

TEST_F(PackedTrainingsTest, OneThatIsStoppedKeepsWhatItHasLearned) {
  const v1::TrainRequest request = Job("a", 100'000);
  BesideAnother([&] {
    bool told = false;
    const Trained stopped = Train(request, [&](const v1::RunEvent& event) {
      if (told || !event.has_progress()) return;
      told = true;
      EXPECT_THAT(Stop(v1::STOP_MODE_CHECKPOINT, request.run()), Succeeds());
    });
    ASSERT_TRUE(stopped.last().has_stopped()) << stopped.last().ShortDebugString();
    const v1::RunEvent& kept = stopped.events[stopped.events.size() - 2];
    ASSERT_TRUE(kept.has_checkpoint());
    EXPECT_GT(kept.checkpoint().step(), 0);
  });
}

TEST_F(PackedTrainingsTest, OneGoesOnFromItsCheckpoint) {
  v1::TrainRequest request = Job("a", 4);
  const Trained alone = Train(request, [&](const v1::RunEvent& event) {
    if (event.has_checkpoint()) request.set_checkpoint(event.checkpoint().state());
  });
  ASSERT_FALSE(request.checkpoint().empty());
  BesideAnother([&] {
    const Trained resumed = Train(request);
    EXPECT_EQ(resumed.events.front().started().resumed_from_step(), 2);
    EXPECT_EQ(resumed.last().training_result().report().packed_samples(), 2);
    ExpectNear(resumed, alone);
  });
}

// The other one goes on, as does who comes next. What fails in the middle of a batch is
// training_pack_test's.
TEST_F(PackedTrainingsTest, OneThatFailsHarmsNoOther) {
  const Trained alone = Train(Job("a", 4));
  v1::TrainRequest damaged = Job("damaged", 4);
  damaged.set_checkpoint("no checkpoint");
  v1::TrainRequest wordy = Job("wordy", 4);
  wordy.mutable_spec()->set_class_word("a a a a a a a a a a a a a a a a a");
  const v1::TrainRequest abandoned = Job("abandoned", 100'000);
  BesideAnother([&] {
    EXPECT_THAT(Train(damaged).last().failure().message(), HasSubstr("checkpoint"));
    EXPECT_THAT(Train(wordy).last().failure().message(), HasSubstr("class_word"));
    // Is in the middle of it when its caller goes away.
    grpc::ClientContext context;
    const auto stream = stub_->Train(&context, abandoned);
    v1::RunEvent event;
    while (stream->Read(&event) && !event.has_progress()) {
    }
    context.TryCancel();
    stream->Finish();
    Trained next;
    do {
      next = Train(Job("a", 4));
    } while (absl::IsResourceExhausted(next.status));
    EXPECT_EQ(next.last().training_result().report().packed_samples(), 4);
    ExpectNear(next, alone);
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
