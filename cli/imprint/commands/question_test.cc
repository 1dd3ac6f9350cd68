#include "cli/imprint/commands/question.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::cli {
namespace {

struct Pipe {
  Pipe() {
    if (pipe(ends) != 0) std::abort();
  }
  ~Pipe() {
    for (const int end : ends) close(end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int ends[2];
};

class Question : public ::testing::Test {
 protected:
  void Type(const std::string& text) {
    ASSERT_EQ(write(typed_.ends[1], text.data(), text.size()), std::ssize(text));
  }

  std::string Shown() {
    char text[1000];
    const ssize_t size = read(shown_.ends[0], text, sizeof text);
    return {text, static_cast<size_t>(std::max<ssize_t>(size, 0))};
  }

  Pipe typed_;
  Pipe shown_;
  std::stop_source stop_;
  Ask ask_ = AskThrough(typed_.ends[0], shown_.ends[1], stop_.get_token());
};

TEST_F(Question, GivesTheLineWithoutSpaceAroundIt) {
  Type("  Ada L. \nnext\n");
  EXPECT_THAT(ask_("Who? "), SucceedsWith(std::string("Ada L.")));
  EXPECT_EQ(Shown(), "Who? ");
  EXPECT_THAT(ask_("And? "), SucceedsWith(std::string("next")));
}

TEST_F(Question, AsksAgainForAnEmptyLine) {
  Type("\n \nyes\n");
  EXPECT_THAT(ask_("Who? "), SucceedsWith(std::string("yes")));
  EXPECT_EQ(Shown(), "Who? Who? Who? ");
}

TEST_F(Question, EndsWithTheInput) {
  close(typed_.ends[1]);
  EXPECT_THAT(ask_("Who? "), Fails(absl::StatusCode::kCancelled, "no answer"));
  typed_.ends[1] = dup(typed_.ends[0]);
}

TEST_F(Question, EndsWhenAStopIsRequestedWhileItWaits) {
  std::thread ctrl_c([this] {
    Shown();  // the question
    stop_.request_stop();
  });
  EXPECT_THAT(ask_("Who? "), Fails(absl::StatusCode::kCancelled, "stopped"));
  ctrl_c.join();
}

}  // namespace
}  // namespace imprint::cli
