// The base models that concepts are taught to.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/registry.pb.h>

#include "rpc/page.h"
#include "storage/database.h"

namespace imprint::registry {

// Thread-safe.
class BaseModels {
 public:
  explicit BaseModels(Database& database) : database_(database) {}

  // Reads the folder, hashes its weights and registers it. The same id with the same
  // weights in the same folder returns the existing model; otherwise ALREADY_EXISTS. Returns
  // INVALID_ARGUMENT or NOT_FOUND naming field and file.
  absl::StatusOr<v1::BaseModel> Create(const v1::CreateBaseModelRequest& request);

  absl::StatusOr<v1::BaseModel> Get(const std::string& name);

  // Lists models by name; `next` receives the key that the next page begins after, or nothing.
  absl::StatusOr<std::vector<v1::BaseModel>> List(const Page& page, std::string& next);

  // Returns ABORTED if `etag` is set and is not the model's.
  absl::Status Delete(const std::string& name, const std::string& etag = "");

 private:
  Database& database_;
};

}  // namespace imprint::registry
