// Options that every command has that queues pictures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include <CLI/CLI.hpp>
#include <imprint/v1/job.pb.h>

namespace imprint::cli {

// What every order has that draws pictures with a job.
struct JobOrder {
  // Id or name of the base model; empty leaves the choice to the command.
  std::string model;
  // In the forms that EmbeddingName accepts; none leaves the choice to the command.
  std::vector<std::string> embeddings;
  // Its base_model and embeddings are not set; they are looked up.
  v1::ImageSetSpec spec;
  v1::JobPriority priority = v1::JOB_PRIORITY_UNSPECIFIED;
  std::string request_id;
  // Follow the job until it ends.
  bool wait = true;
  std::filesystem::path out;
  // Replaces what an earlier drawing left in `out`; without it, that is an error.
  bool overwrite = false;
};

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

// Takes them over into an order; chooses a request id where none was given. INVALID_ARGUMENT naming
// the option, or --out if the job is waited for and there is no folder.
absl::Status TakeJobOptions(const JobOptions& options, JobOrder& order);

}  // namespace imprint::cli
