// The metrics that Prometheus' client libraries report about their process, under the same names
// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). Private to
// services/server.
#pragma once

#include "services/server/metrics.h"

namespace imprint {

// Exports process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
// process_open_fds, process_max_fds and process_start_time_seconds, measured at each scrape.
void MeasureProcess(Metrics& metrics);

}  // namespace imprint
