// imprint-registry: keeps everything that outlives a job.
#include <string>

#include "services/registry/registry_service.h"
#include "services/runtime/service.h"

int main(int argc, char** argv) {
  // imprint-registry --fsck --data FOLDER
  if (argc == 4 && std::string(argv[1]) == "--fsck" && std::string(argv[2]) == "--data") {
    return imprint::CheckDataFolder(argv[3]);
  }
  imprint::RegistryProcess registry;
  return imprint::RunService(
      argc, argv, "imprint-registry",
      "Keeps base models, reference sets, embeddings and image sets. --fsck --data FOLDER checks "
      "the folder of a registry that does not run.",
      registry);
}
