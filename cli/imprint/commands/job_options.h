// Options that every command has that queues pictures.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include <CLI/CLI.hpp>
#include <imprint/v1/job.pb.h>

namespace imprint::cli {

struct JobOptions {
  std::string precision = "auto";
  int batch_places = 0;
  std::string format = "png";
  std::string priority;
  std::string request_id;
  bool no_wait = false;
};

// Adds how pictures are computed to a group, and their format to another; then the job's own.
void AddJobOptions(CLI::App& app, const std::string& how, const std::string& what,
                   JobOptions& options);

// Sets precision, places and format in a spec; chooses a request id where none was given.
// INVALID_ARGUMENT naming the option.
absl::Status TakeJobOptions(const JobOptions& options, v1::ImageSetSpec& spec,
                            v1::JobPriority& priority, std::string& request_id);

}  // namespace imprint::cli
