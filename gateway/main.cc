// imprint-gateway: the one public endpoint.
#include "gateway/api/gateway_service.h"
#include "services/runtime/service.h"

int main(int argc, char** argv) {
  imprint::GatewayService gateway;
  return imprint::RunService(
      argc, argv, "imprint-gateway",
      "Takes jobs, schedules them onto trainers and samplers, and forwards registry calls.",
      gateway);
}
