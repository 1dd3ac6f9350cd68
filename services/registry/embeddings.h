// Versions of concepts: added, never changed.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <imprint/v1/registry.pb.h>
#include <imprint/v1/transfer.pb.h>

#include "rpc/page.h"
#include "services/registry/base_models.h"
#include "services/registry/recorded_blobs.h"
#include "storage/database.h"

namespace imprint {

// Thread-safe.
class Embeddings {
 public:
  Embeddings(Database& database, RecordedBlobs& blobs, BaseModels& models)
      : database_(database), blobs_(blobs), models_(models) {}

  // A training's result as the concept's next version; `committed` becomes true. The same job again
  // gives the version that it made, whatever else is in the request. INVALID_ARGUMENT for a file
  // that is no such embedding, FAILED_PRECONDITION if the concept has another token.
  absl::StatusOr<v1::Embedding> Commit(const v1::CommitEmbeddingRequest& request, bool& committed);

  // From a file of any tool (formats/embedding_files); idempotent by request_id.
  absl::StatusOr<v1::Embedding> Import(const v1::ImportEmbeddingRequest& request);

  // By its own name, by an alias's, or the newest by the concept's.
  absl::StatusOr<v1::Embedding> Get(const std::string& name);

  // Newest first; parent concepts/- lists everybody's.
  absl::StatusOr<std::vector<v1::Embedding>> List(const std::string& parent, const Page& page,
                                                  std::string& next);

  absl::StatusOr<std::string> Content(const v1::Embedding& embedding);

 private:
  struct Addition;
  absl::StatusOr<v1::Embedding> Add(Addition addition, bool& committed);

  Database& database_;
  RecordedBlobs& blobs_;
  BaseModels& models_;
};

}  // namespace imprint
