// Versions of concepts: added, never changed but for whether they may be used.
#pragma once

#include <cstdint>
#include <functional>
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

namespace imprint::registry {

// Thread-safe.
class Embeddings {
 public:
  Embeddings(Database& database, RecordedBlobs& blobs, BaseModels& models)
      : database_(database), blobs_(blobs), models_(models) {}

  // A training's result as the concept's next version, with the rights of the pictures that it was
  // taught from; `committed` becomes true. The same job again gives the version that it made,
  // whatever else is in the request. INVALID_ARGUMENT for a file that is no such embedding,
  // FAILED_PRECONDITION if the concept has another token or the pictures are gone.
  absl::StatusOr<v1::Embedding> Commit(const v1::CommitEmbeddingRequest& request, bool& committed);

  // From a file of any tool (formats/embedding_files); idempotent by request_id.
  absl::StatusOr<v1::Embedding> Import(const v1::ImportEmbeddingRequest& request);

  // By its own name, by an alias's, or the newest that is not deleted by the concept's.
  absl::StatusOr<v1::Embedding> Get(const std::string& name);

  // Newest first; parent concepts/- lists everybody's.
  absl::StatusOr<std::vector<v1::Embedding>> List(const std::string& parent, bool show_deleted,
                                                  const Page& page, std::string& next);

  // FAILED_PRECONDITION if it may not be used.
  absl::StatusOr<Blob> Content(const v1::Embedding& embedding);

  // What is being drawn with it gets no ticket any more, and those that it has are void.
  absl::StatusOr<v1::Embedding> Block(const v1::BlockEmbeddingRequest& request);
  absl::StatusOr<v1::Embedding> Unblock(const v1::UnblockEmbeddingRequest& request);
  absl::StatusOr<v1::DeleteEmbeddingResponse> Delete(const v1::DeleteEmbeddingRequest& request);

 private:
  struct Addition;
  absl::StatusOr<v1::Embedding> Add(Addition addition, bool& committed);
  // A version by its own name, into a state; `done` hears of it within the transaction.
  absl::StatusOr<v1::Embedding> Change(
      const std::string& name, const std::string& etag, v1::EmbeddingState state,
      const std::string& reason,
      const std::function<void(soci::session&, int64_t number)>& done = nullptr);

  Database& database_;
  RecordedBlobs& blobs_;
  BaseModels& models_;
};

}  // namespace imprint::registry
