#include "services/node/run_id.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::node {
namespace {

v1::RunKey Key(const std::string& job, int64_t chunk, int attempt) {
  v1::RunKey key;
  key.set_job(job);
  key.set_chunk(chunk);
  key.set_attempt(attempt);
  return key;
}

TEST(RunId, SurvivesTheWire) {
  ASSERT_OK_AND_ASSIGN(const RunId id, ParseRunId(Key("jobs/a4", 2, 3)));
  EXPECT_EQ(*ParseRunId(ToProto(id)), id);
  EXPECT_EQ(Describe(id), "jobs/a4 chunk 2 attempt 3");
}

TEST(RunId, NamesTheFieldThatMakesNoSense) {
  using Parts = std::vector<std::string>;
  EXPECT_THAT(ParseRunId({}), RefusesNaming(Parts{"run.job", "jobs/ID"}));
  EXPECT_THAT(ParseRunId(Key("concepts/a", 0, 1)), RefusesNaming(Parts{"run.job"}));
  EXPECT_THAT(ParseRunId(Key("jobs/a", -1, 1)), RefusesNaming(Parts{"run.chunk", "-1"}));
  EXPECT_THAT(ParseRunId(Key("jobs/a", 0, 0)), RefusesNaming(Parts{"run.attempt", "0"}));
}

}  // namespace
}  // namespace imprint::node
