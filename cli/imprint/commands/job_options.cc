#include "cli/imprint/commands/job_options.h"

#include "cli/imprint/client/gateway.h"
#include "cli/imprint/client/resource_options.h"
#include "cli/imprint/commands/wire_format.h"
#include "cli/pictures/drawing_options.h"

#include "base/field_error.h"
#include "base/status_macros.h"

namespace imprint::cli {

void AddJobOptions(CLI::App& app, const std::string& how, const std::string& what,
                   JobOptions& options) {
  app.add_option("--precision", options.precision,
                 "fp32, bf16, fp16 or auto: the fastest that the samplers have")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(how);
  app.add_option("--batch-places", options.batch_places,
                 "Places of the batches that the pictures are drawn in, on which their last "
                 "digits depend; default: as many as the samplers have")
      ->type_name("N")
      ->group(how);
  app.add_option("--format", options.format, "png, jpeg or webp")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(what);
  constexpr const char* kJob = "The job";
  app.add_option("--priority", options.priority, "bulk, normal or interactive")
      ->type_name("NAME")
      ->group(kJob);
  app.add_flag("--no-wait", options.no_wait,
               "Return once the job is queued; imprint image-sets export fetches the pictures")
      ->group(kJob);
  app.add_option("--request-id", options.request_id,
                 "The same id gives the same job, so that a script may repeat itself")
      ->type_name("ID")
      ->group(kJob);
}

absl::Status TakeJobOptions(const JobOptions& options, JobOrder& order) {
  order.wait = !options.no_wait;
  if (order.wait && order.out.empty()) {
    return FieldError("out", "none", "a folder for the pictures: --out, or --no-wait");
  }
  ASSIGN_OR_RETURN(const PictureFormat format, ParsePictureFormat(options.format));
  order.spec.set_format(ToWire(format));
  order.spec.set_precision(options.precision);
  order.spec.set_batch_places(options.batch_places);
  ASSIGN_OR_RETURN(order.priority, ParseJobPriority(options.priority));
  order.request_id = options.request_id.empty() ? NewRequestId() : options.request_id;
  return absl::OkStatus();
}

}  // namespace imprint::cli
