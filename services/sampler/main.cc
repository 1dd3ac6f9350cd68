#include "engine/torch/same_bits.h"
#include "services/sampler/sampler_node.h"

int main(int argc, char** argv) {
  imprint::engine::AskForSameBits();
  imprint::sampler::SamplerNode node;
  return imprint::RunService(argc, argv, "imprint-sampler",
                             "Draws pictures on this machine, for the gateway.", node);
}
