// imprint-registry: keeps everything that outlives a job.
#include "base/malloc_arenas.h"
#include "services/registry/registry_check.h"
#include "services/registry/registry_service.h"
#include "services/server/service.h"
#include "storage/fsck.h"

int main(int argc, char** argv) {
  if (imprint::AsksForFsck(argc, argv)) {
    return imprint::RunFsck(argc, argv, imprint::registry::CheckRegistryFolder);
  }
  imprint::UseFewMallocArenas();
  imprint::registry::RegistryProcess registry;
  return imprint::RunService(
      argc, argv, "imprint-registry",
      "Keeps base models, reference sets, embeddings and image sets. --fsck [--json] --data FOLDER "
      "checks the folder of a registry that does not run.",
      registry);
}
