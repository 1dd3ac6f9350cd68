// imprint-gateway: the one public endpoint.
#include "base/malloc_arenas.h"
#include "gateway/gateway_service.h"
#include "gateway/jobs/job_check.h"
#include "services/server/service.h"
#include "storage/fsck.h"

int main(int argc, char** argv) {
  if (imprint::AsksForFsck(argc, argv)) {
    return imprint::RunFsck(argc, argv, imprint::gateway::CheckGatewayFolder);
  }
  imprint::UseFewMallocArenas();
  imprint::gateway::GatewayService gateway;
  return imprint::RunService(
      argc, argv, "imprint-gateway",
      "Takes jobs, schedules them onto trainers and samplers, and forwards registry calls. --fsck "
      "[--json] --data FOLDER checks the folder of a gateway that does not run.",
      gateway);
}
