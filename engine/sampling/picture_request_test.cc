#include "engine/sampling/picture_request.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint {
namespace {

using Parts = std::vector<std::string>;

const BaseModelInfo kModel = {
    .picture_size = 512, .size_multiple = 8, .training_timesteps = 1000, .text_layers = 12};

PictureRequest Good() { return {.prompt = "a mascot", .width = 512, .height = 768}; }

TEST(PictureRequest, AGoodOnePasses) { EXPECT_THAT(CheckRequest(kModel, Good()), Succeeds()); }

TEST(PictureRequest, LiteralTextHasNoWeights) {
  PictureRequest request = Good();
  request.prompt = "(cat:1000)";
  request.prompt_style = PromptStyle::kLiteral;
  EXPECT_THAT(CheckRequest(kModel, request), Succeeds());
}

TEST(PictureRequest, NonsenseIsRefusedByField) {
  using Change = std::function<void(PictureRequest&)>;
  for (const auto& [change, parts] : std::vector<std::pair<Change, Parts>>{
           {[](auto& r) { r.prompt.clear(); }, {"prompt: got \"\""}},
           {[](auto& r) { r.prompt = " \n"; }, {"prompt"}},
           {[](auto& r) { r.prompt = std::string(10'000, 'a'); },
            {"prompt", "10000 bytes", "at most 2000"}},
           {[](auto& r) { r.prompt.assign(1, static_cast<char>(0xFF)); }, {"prompt", "UTF-8"}},
           {[](auto& r) { r.negative_prompt = std::string(3000, 'a'); }, {"negative_prompt"}},
           {[](auto& r) { r.width = 100; }, {"width: got 100", "multiple of 8"}},
           {[](auto& r) { r.height = 0; }, {"height: got 0"}},
           {[](auto& r) { r.height = 8192; }, {"height: got 8192", "at most 4096"}},
           {[](auto& r) { r.steps = 0; }, {"steps: got 0", "1 to 1000"}},
           {[](auto& r) { r.steps = 1'000'000'000; }, {"steps: got 1000000000"}},
           {[](auto& r) { r.guidance = NAN; }, {"guidance: got nan"}},
           {[](auto& r) { r.guidance = -1; }, {"guidance: got -1"}},
           {[](auto& r) { r.guidance_rescale = 2; }, {"guidance_rescale: got 2", "0 to 1"}},
           {[](auto& r) { r.eta = -1; }, {"eta: got -1"}},
           {[](auto& r) {
              r.solver = {SolverMethod::kEuler, true};
              r.eta = 0.5;
            },
            {"eta: got 0.5", "euler_karras", "ddim"}},
           {[](auto& r) {
              r.solver.method = SolverMethod::kUniPc;
              r.steps = 1000;
            },
            {"steps: got 1000", "1 to 998"}},
           {[](auto& r) { r.prompt = "(cat:1000)"; }, {"prompt: weight: got 1000", "-100 to 100"}},
           {[](auto& r) { r.negative_prompt = "(cat:.)"; }, {"negative_prompt: weight: got \".\""}},
           {[](auto& r) { r.clip_skip = 0; }, {"clip_skip: got 0", "1 to 12"}},
           {[](auto& r) { r.clip_skip = 13; }, {"clip_skip: got 13", "1 to 12"}}}) {
    PictureRequest request = Good();
    change(request);
    EXPECT_THAT(CheckRequest(kModel, request), RefusesNaming(parts));
  }
}

}  // namespace
}  // namespace imprint
