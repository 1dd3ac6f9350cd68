#include "services/trainer/trainer_node.h"

int main(int argc, char** argv) {
  imprint::trainer::TrainerNode node;
  return imprint::RunService(
      argc, argv, "imprint-trainer",
      "Teaches concepts on this machine, one process a training, for the gateway.", node);
}
