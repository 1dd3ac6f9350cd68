#include "engine/sampling/picture_request.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "base/status_matchers.h"

namespace imprint::engine {
namespace {

using Parts = std::vector<std::string>;

const BaseModelInfo kModel = {
    .picture_size = 512, .size_multiple = 8, .training_timesteps = 1000, .text_layers = 12};

PictureRequest Good() { return {.prompt = "a mascot", .width = 512, .height = 768}; }

TEST(PictureRequest, AGoodOnePasses) { EXPECT_THAT(CheckRequest(kModel, Good()), Succeeds()); }

std::shared_ptr<const RgbImage> Picture(int width, int height) {
  return std::make_shared<const RgbImage>(RgbImage::Blank(width, height));
}

TEST(PictureRequest, ASecondPassHasItsSizeAndItsSteps) {
  PictureRequest request = Good();
  EXPECT_EQ(FinalSize(kModel, request), (PictureSize{512, 768}));
  EXPECT_EQ(SolverSteps(request), 25);
  request.source = Picture(512, 768);
  request.strength = 0.6;
  EXPECT_THAT(CheckRequest(kModel, request), Succeeds());
  EXPECT_EQ(SolverSteps(request), 15);
  request.upscale = 1.51;
  EXPECT_THAT(CheckRequest(kModel, request), Succeeds());
  EXPECT_EQ(FinalSize(kModel, request), (PictureSize{776, 1160}));  // multiples of 8
  EXPECT_EQ(SolverSteps(request), 15 + 8);
}

TEST(PictureRequest, WhatAStyleDoesNotAllowIsNamed) {
  PictureRequest request = Good();
  request.prompt = "(cat:1000)";
  EXPECT_THAT(CheckSyntax({}, request),
              RefusesNaming(Parts{"prompt: weight: got 1000", "-100 to 100"}));
  request.prompt_style = PromptStyle::kLiteral;
  EXPECT_THAT(CheckSyntax({}, request), Succeeds());
  request = Good();
  request.negative_prompt = "(cat:.)";
  EXPECT_THAT(CheckSyntax({}, request), RefusesNaming(Parts{"negative_prompt: weight: got \".\""}));
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
           {[](auto& r) { r.clip_skip = 0; }, {"clip_skip: got 0", "1 to 12"}},
           {[](auto& r) { r.clip_skip = 13; }, {"clip_skip: got 13", "1 to 12"}},
           {[](auto& r) { r.source = Picture(512, 512); },
            {"source: got 512x512", "a picture of 512x768"}},
           {[](auto& r) {
              r.source = Picture(512, 768);
              r.strength = 0;
            },
            {"strength: got 0", "1/25"}},
           {[](auto& r) {
              r.source = Picture(512, 768);
              r.strength = 1.5;
            },
            {"strength: got 1.5", "to 1"}},
           {[](auto& r) {
              r.source = Picture(512, 768);
              r.strength = std::nan("");
            },
            {"strength: got nan"}},
           {[](auto& r) { r.upscale = 0.5; }, {"upscale: got 0.5", "1 to 4"}},
           {[](auto& r) { r.upscale = std::nan(""); }, {"upscale: got nan"}},
           {[](auto& r) {
              r.height = 2048;
              r.upscale = 3;
            },
            {"upscale: got 3", "1536x6144", "4096"}},
           {[](auto& r) {
              r.upscale = 2;
              r.upscale_strength = 0.01;
            },
            {"upscale_strength: got 0.01", "1/25"}}}) {
    PictureRequest request = Good();
    change(request);
    EXPECT_THAT(CheckRequest(kModel, request), RefusesNaming(parts));
  }
}

}  // namespace
}  // namespace imprint::engine
